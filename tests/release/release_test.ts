/** .github/release, run for real: by git and ssh-keygen, with keys that are thrown away. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { testNeeding } from "../support/prerequisite.ts";
import { releaseProject } from "./project.ts";

type Project = Awaited<ReturnType<typeof releaseProject>>;

await testNeeding(["git", "ssh-keygen"], "a tag signed by a maintainer may become a release", async () => {
  await using project = await releaseProject();
  await project.tag("v0.2.0", { key: project.maintainer });
  const { code, message } = await project.release(["check", "v0.2.0"]);
  assert.equal(code, 0, message);
});

interface Spoiled {
  what: string;
  spoil(project: Project): Promise<void>;
  tag?: string;
  says: RegExp;
}

for (
  const { what, spoil, tag = "v0.2.0", says } of [
    {
      what: "a tag of another version than deno.json's",
      spoil: ({ tag, maintainer }: Project) => tag("v0.3.0", { key: maintainer }),
      tag: "v0.3.0",
      says: /the tag is "v0\.3\.0", and deno\.json has the version "0\.2\.0"/,
    },
    {
      what: "a tag that nobody signed",
      spoil: ({ tag }: Project) => tag("v0.2.0"),
      says: /"v0\.2\.0" is not signed by anybody/,
    },
    {
      what: "a tag that a stranger signed",
      spoil: ({ tag, stranger }: Project) => tag("v0.2.0", { key: stranger }),
      says: /"v0\.2\.0" is not signed by anybody/,
    },
    {
      what: "a tag that the key of releases signed",
      spoil: ({ tag, releaser }: Project) => tag("v0.2.0", { key: releaser }),
      says: /"v0\.2\.0" is not signed by anybody/,
    },
    {
      what: "a tag without a message",
      spoil: ({ tag }: Project) => tag("v0.2.0", { light: true }),
      says: /is no annotated tag/,
    },
    {
      what: "a tag of another commit",
      spoil: async ({ tag, maintainer, repository }: Project) => {
        await tag("v0.2.0", { key: maintainer });
        await repository.commit("One more");
      },
      says: /is not the commit that is checked out/,
    },
    {
      what: "a version without a section in CHANGELOG.md",
      spoil: async ({ tag, maintainer, repository }: Project) => {
        await repository.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n");
        await repository.commit("Forgotten");
        await tag("v0.2.0", { key: maintainer });
      },
      says: /CHANGELOG\.md has no line "## 0\.2\.0 - YYYY-MM-DD"/,
    },
    ...(["release_signers", "tag_signers"] as const).map((file) => ({
      what: `a tag while ${file} holds no key`,
      spoil: async ({ tag, list, maintainer, repository }: Project) => {
        await list(file, null);
        await repository.commit("No key");
        await tag("v0.2.0", { key: maintainer });
      },
      says: new RegExp(`\\.github/${file} holds no key`),
    })),
  ] satisfies Spoiled[] as Spoiled[]
) {
  await testNeeding(["git", "ssh-keygen"], `${what} becomes no release`, async () => {
    await using project = await releaseProject();
    await spoil(project);
    const { code, message } = await project.release(["check", tag]);
    assert.equal(code, 1, message);
    assert.match(message, says);
  });
}

await testNeeding(["git", "ssh-keygen"], "the notes of a release are its section of CHANGELOG.md", async () => {
  await using project = await releaseProject();
  const { code, out } = await project.release(["notes", "v0.2.0"]);
  assert.equal(code, 0);
  assert.equal(out, "### Added\n\n- `harbornode upgrade`.\n\n### Fixed\n\n- A thing.\n");
  assert.equal((await project.release(["notes", "v0.1.0"])).out, "### Added\n\n- Everything.\n");
  assert.match((await project.release(["notes", "v0.3.0"])).message, /has no section for 0\.3\.0/);
});

await testNeeding(["git", "ssh-keygen"], "two builds are the same only byte for byte", async () => {
  await using project = await releaseProject();
  const [one, other] = [await project.build("one"), await project.build("other")];
  assert.equal((await project.release(["same", one, other])).code, 0);
  await Deno.writeTextFile(join(other, "harbornode-linux-aarch64"), "another byte");
  assert.match((await project.release(["same", one, other])).message, /differ in harbornode-linux-aarch64/);
});

await testNeeding(["git", "ssh-keygen"], "a release is signed by the key of the list, and no other", async () => {
  await using project = await releaseProject();
  const directory = await project.build("assets");
  const signed = async (file: string) =>
    await project.release(["sign", directory], { RELEASE_KEY: (await Deno.readTextFile(file)).trim() });
  assert.match((await signed(project.stranger.file)).message, /is not signed by anybody in \.github\/release_signers/);
  const { code, message } = await signed(project.releaser.file);
  assert.equal(code, 0, message);
  assert.equal((await project.release(["verify", directory])).code, 0);
  assert.match((await project.release(["sign", directory], { RELEASE_KEY: "" })).message, /there is no RELEASE_KEY/);
  await project.list("release_signers", null);
  assert.match((await signed(project.releaser.file)).message, /release_signers holds no key/);
});

await testNeeding(["git", "ssh-keygen"], "nothing is published that is not what was signed", async () => {
  await using project = await releaseProject();
  const sign = async (directory: string) =>
    await project.release(["sign", directory], { RELEASE_KEY: await Deno.readTextFile(project.releaser.file) });
  const altered = await project.build("altered");
  await sign(altered);
  await Deno.writeTextFile(join(altered, "harbornode-linux-x86_64.gz"), "something else");
  assert.match((await project.release(["verify", altered])).message, /a file is not what SHA256SUMS says/);
  const another = await project.build("another", { tell: "0.1.9" });
  assert.match((await sign(another)).message, /begins with "# harbornode 0\.1\.9/);
  const more = await project.build("more");
  await Deno.writeTextFile(join(more, "SHA256SUMS"), `${"0".repeat(64)}  extra\n`, { append: true });
  assert.match((await sign(more)).message, /lists ".* extra "/);
});

await testNeeding(["shellcheck"], "the scripts of .github are clean for shellcheck as dash", async () => {
  const args = ["-s", "dash", ".github/release", ".github/smoke_install", ".github/hooks/commit-msg"];
  const output = await new Deno.Command("shellcheck", { args, cwd: new URL("../../", import.meta.url) }).output();
  assert.equal(new TextDecoder().decode(output.stdout), "");
});
