/** A copy of what a release is made from, in a repository of its own, with keys that are thrown away. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { GitRepository } from "../support/git_repository.ts";
import { makeKey, type SshKey } from "../support/ssh_keys.ts";
import { tempDir } from "../support/temp.ts";

const ROOT = new URL("../../", import.meta.url);
const ASSETS = ["aarch64", "aarch64.gz", "x86_64", "x86_64.gz"].map((end) => `harbornode-linux-${end}`);

const CHANGELOG = `# Changelog

## Unreleased

## 0.2.0 - 2026-12-01

### Added

- \`harbornode upgrade\`.

### Fixed

- A thing.

## 0.1.0 - 2026-11-21

### Added

- Everything.
`;

export async function releaseProject() {
  const dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "project"));
  await repository.write("deno.json", '{\n  "name": "harbornode",\n  "version": "0.2.0",\n  "license": "MIT"\n}\n');
  await repository.write("CHANGELOG.md", CHANGELOG);
  await Deno.mkdir(join(repository.dir, ".github"));
  await Deno.copyFile(new URL(".github/release", ROOT), join(repository.dir, ".github/release"));
  await Deno.mkdir(join(dir.path, "keys"));
  const [maintainer, releaser, stranger] = await Promise.all(
    ["maintainer", "releaser", "stranger"].map((name) => makeKey(join(dir.path, "keys"), name)),
  ) as [SshKey, SshKey, SshKey];
  const project = {
    repository,
    maintainer,
    releaser,
    stranger,

    /** Of .github, with the line that their own comment tells to write. */
    async list(file: "release_signers" | "tag_signers", key: SshKey | null): Promise<void> {
      const text = await Deno.readTextFile(new URL(`.github/${file}`, ROOT));
      const message = /^#.*?(\S+@\S+ namespaces="[^"]+") ssh-ed25519 AAAA\.\.\.$/m.exec(text)?.[1];
      if (message === undefined) throw new Error(`.github/${file} does not tell its line`);
      await repository.write(`.github/${file}`, text + (key === null ? "" : `${message} ${key.line}\n`));
    },

    /** Signed by nobody without a key; no annotated tag without a message. */
    async tag(name: string, { key, light = false }: { key?: SshKey; light?: boolean } = {}): Promise<void> {
      if (light) return void await repository.git("tag", name);
      const signing = key === undefined ? [] : ["-c", "gpg.format=ssh", "-c", `user.signingkey=${key.file}`];
      await repository.git(...signing, "tag", key === undefined ? "--annotate" : "--sign", "--message", name, name);
    },

    /** A build as `deno task compile` leaves it; `tell` what its first line says of the version. */
    async build(name: string, { tell = "0.2.0" }: { tell?: string } = {}): Promise<string> {
      const directory = join(dir.path, name);
      await Deno.mkdir(directory, { recursive: true });
      const commit = (await repository.git("rev-parse", "HEAD")).slice(0, 7);
      const lines = [`# harbornode ${tell} ${commit}`];
      for (const asset of ASSETS) {
        await Deno.writeTextFile(join(directory, asset), `the bytes of ${asset}`);
        lines.push(`${createHash("sha256").update(`the bytes of ${asset}`).digest("hex")}  ${asset}`);
      }
      await Deno.writeTextFile(join(directory, "SHA256SUMS"), lines.join("\n") + "\n");
      return directory;
    },

    async release(
      args: string[],
      env: Record<string, string> = {},
    ): Promise<{ code: number; out: string; message: string }> {
      const command = new Deno.Command(join(repository.dir, ".github/release"), { args, env, stdin: "null" });
      const { code, stdout, stderr } = await command.output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
      return { code, out, message: out + err };
    },

    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
  await project.list("release_signers", releaser);
  await project.list("tag_signers", maintainer);
  await repository.commit("Ready for 0.2.0");
  return project;
}
