/** What install.sh refuses, each by name, with what is installed left as it was. */
import assert from "node:assert/strict";
import { testNeeding } from "../support/prerequisite.ts";
import { ASSET, REPO, Target } from "./target.ts";

interface Case {
  what: string;
  spoil: (target: Target) => unknown;
  says: RegExp;
  args?: string[];
  env?: Record<string, string>;
}

const MACHINES: Case[] = [
  {
    what: "an unknown architecture",
    spoil: (target) => target.stub("uname", "[ $1 = -s ] && echo Linux || echo riscv64"),
    says: /this machine is riscv64, and HarborNode is made for x86_64 and aarch64 alone/,
  },
  { what: "another system", spoil: (target) => target.stub("uname", "echo Darwin"), says: /this is Darwin/ },
  {
    what: "a 32-bit system below a 64-bit kernel",
    spoil: (target) => target.stub("getconf", "[ $1 = LONG_BIT ] && echo 32"),
    says: /this system is 32-bit, though its kernel is \S+\n {2}hint: HarborNode needs the 64-bit edition/,
  },
  {
    what: "musl",
    async spoil(target) {
      await target.stub("getconf", "exit 1");
      await target.stub("ldd", "echo 'musl libc (x86_64)' >&2; exit 1");
    },
    says: /built on musl.*\n {2}hint: use Debian/,
  },
  {
    what: "an old glibc, told by getconf",
    spoil: (target) => target.stub("getconf", "[ $1 = LONG_BIT ] && echo 64 || echo glibc 2.26"),
    says: /this system has glibc 2\.26; HarborNode needs 2\.27/,
  },
  {
    what: "an old glibc, told by ldd",
    async spoil(target) {
      await target.stub("getconf", "exit 1");
      await target.stub("ldd", "echo 'ldd (Debian GLIBC 2.9-24) 2.9'; echo Copyright");
    },
    says: /this system has glibc 2\.9;/,
  },
  {
    what: "a machine without curl and wget",
    spoil: (target) => Promise.all([target.remove("curl"), target.remove("wget")]),
    says: /neither curl nor wget/,
  },
  {
    what: "a wget that checks no certificates, over https",
    async spoil(target) {
      await target.remove("curl");
      await target.stub("wget", "echo 'BusyBox v1.35.0'");
    },
    env: { HARBORNODE_BASE_URL: "https://127.0.0.1:1" },
    says: /this wget does not check certificates/,
  },
  {
    what: "a user without sudo and doas",
    spoil: (target) => target.stub("id", "echo 1000"),
    says: /needs root, and there is neither sudo nor doas/,
  },
];

const RELEASES: Case[] = [
  {
    what: "a tampered executable",
    spoil: (target) => Promise.all([target.remove("gzip"), target.served.set(ASSET, "#!/bin/sh\n")]),
    says: new RegExp(`sha256 of ${ASSET} is not the one in SHA256SUMS`),
  },
  {
    what: "a tampered archive",
    spoil: (target) => target.served.set(`${ASSET}.gz`, "junk"),
    says: new RegExp(`sha256 of ${ASSET}.gz is not the one`),
  },
  {
    what: "an archive of something else than the executable",
    spoil(target) {
      const sums = target.served.get("SHA256SUMS") as string;
      target.served.set("SHA256SUMS", sums.replace(/^[0-9a-f]{64}(?= {2}\S+$)/m, "1".repeat(64)));
    },
    says: new RegExp(`sha256 of ${ASSET} is not the one`),
  },
  {
    what: "an executable that is not there",
    spoil: (target) => target.served.delete(`${ASSET}.gz`),
    says: new RegExp(`/${ASSET}.gz cannot be downloaded`),
  },
  {
    what: "a release without sums",
    spoil: (target) => target.served.delete("SHA256SUMS"),
    says: /SHA256SUMS cannot be downloaded/,
  },
  {
    what: "sums without a line for the executable",
    spoil: (target) => target.served.set("SHA256SUMS", `# harbornode 1.1.0 abc1234\n${"0".repeat(64)}  other\n`),
    says: new RegExp(`SHA256SUMS has no line for ${ASSET}`),
  },
  {
    what: "sums that do not say their version",
    spoil: (target) => target.served.set("SHA256SUMS", `${"0".repeat(64)}  ${ASSET}\n`),
    says: /does not say of which version it is/,
  },
  {
    what: "another version than the wanted one",
    spoil() {},
    args: ["--version", "v1.0.7"],
    says: /has version 1\.1\.0, and not 1\.0\.7/,
  },
  {
    what: "a mirror by version without one",
    spoil() {},
    env: { HARBORNODE_BASE_URL: "https://mirror.example.org/{version}" },
    says: /says \{version\}, and none is named\n {2}hint: add --version/,
  },
  {
    what: "an executable that does not run",
    spoil: (target) => target.release("1.1.0", { executable: "#!/bin/sh\nexit 1\n" }),
    says: /does not run here; nothing was changed\n {2}hint: .*glibc 2\.27.*noexec/,
  },
  {
    what: "an executable of another version than its release",
    spoil: (target) => target.release("1.1.0", { executable: target.executable("1.0.7") }),
    says: /the new executable says "harbornode 1\.0\.7 .*", and not 1\.1\.0/,
  },
];

const ARGUMENTS: Case[] = [
  { what: "a flag that there is not", spoil() {}, args: ["--force"], says: /there is no flag "--force"/ },
  { what: "a flag without its value", spoil() {}, args: ["--repo"], says: /--repo needs a value/ },
  { what: "a value that would break out of the settings", spoil() {}, args: ["--device", 'a"b'], says: /has a quote/ },
  { what: "a repository that is none", spoil() {}, args: ["--repo", "fleet"], says: /--repo is no URL/ },
  { what: "a relative token file", spoil() {}, args: ["--token-file", "token"], says: /"token" is no absolute path/ },
  { what: "the whole machine as data_dir", spoil() {}, args: ["--data-dir", "/"], says: /"\/" is no absolute path/ },
  {
    what: "a label without a value",
    spoil() {},
    args: ["--label", "hall"],
    says: /--label is "hall", wanted one like room=hall/,
  },
  { what: "an address without a port", spoil() {}, args: ["--listen", "::1"], says: /wanted an address and a port/ },
  { what: "a version that is none", spoil() {}, args: ["--version", "../1"], says: /--version is "\.\.\/1"/ },
];

for (const { what, spoil, says, args = [], env } of [...MACHINES, ...RELEASES, ...ARGUMENTS]) {
  Deno.test(`${what} is refused, and an installed HarborNode stays as it was`, async () => {
    await using target = await Target.make();
    await target.install(REPO);
    await target.release("1.1.0");
    const before = await target.files();
    await spoil(target);
    const { code, message } = await target.install(args, env === undefined ? {} : { env });
    assert.equal(code, 1, message);
    assert.match(message, says);
    assert.deepEqual(await target.files(), before);
    const left = await Array.fromAsync(Deno.readDir(target.dir.path), ({ name }) => name);
    assert.deepEqual(left.filter((name) => name.startsWith("tmp.")), [], "a temporary folder is left");
  });
}

Deno.test("without a repository and without settings nothing is done", async () => {
  await using target = await Target.make();
  const { code, message } = await target.install([]);
  assert.equal(code, 1);
  assert.match(message, /add --repo URL/);
  assert.deepEqual(target.requested, []);
});

Deno.test("a password in a URL is not repeated", async () => {
  await using target = await Target.make();
  for (const url of ["http:me:hunter2@host/fleet", 'https://me:hunter2"@host/fleet']) {
    const { code, message } = await target.install(["--repo", url, "--version", "?"]);
    assert.equal(code, 1);
    assert.ok(!message.includes("hunter2"), message);
  }
});

for (
  const { what, options, says } of [
    {
      what: "a full disk",
      options: "size=8k",
      says: /cannot be written; nothing was changed\n {2}hint: look at its space/,
    },
    {
      what: "a folder mounted noexec",
      options: "size=1m,noexec",
      says: /does not run here.*\n.*must not be mounted noexec/,
    },
  ]
) {
  await testNeeding(["root"], `${what} is refused, and leaves nothing`, async () => {
    await using target = await Target.make();
    const directory = `${target.root}/usr/local/bin`;
    await Deno.mkdir(directory, { recursive: true });
    const mount = new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", options, "harbornode-test", directory] });
    const { success, stderr } = await mount.output();
    assert.ok(success, new TextDecoder().decode(stderr));
    try {
      // More than fits, but for one of the two.
      await target.release("1.0.0", { executable: target.executable("1.0.0", "#".repeat(20_000)) });
      const { code, message } = await target.install(REPO);
      assert.equal(code, 1, message);
      assert.match(message, says);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
      assert.ok(!(await target.files()).some((path) => path.startsWith("etc")));
    } finally {
      await new Deno.Command("umount", { args: [directory] }).output();
    }
  });
}
