/** Who made a release: SHA256SUMS.sig, made and checked by ssh-keygen. */
import assert from "node:assert/strict";
import { testNeeding } from "../support/prerequisite.ts";
import { REPO, SCRIPT, Target } from "./target.ts";

async function keygen(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ssh-keygen", { args, stdin: "null" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** A release that is signed with a key of its own, and the list that names this key. */
async function signed(target: Target, namespace = "harbornode-release"): Promise<{ list: string; signers: string }> {
  const key = `${target.dir.path}/key-${crypto.randomUUID()}`;
  await keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key);
  const sums = `${target.dir.path}/SHA256SUMS`;
  await Deno.writeTextFile(sums, target.served.get("SHA256SUMS") as string);
  await Deno.remove(`${sums}.sig`).catch(() => {});
  await keygen("-q", "-Y", "sign", "-n", namespace, "-f", key, sums);
  target.served.set("SHA256SUMS.sig", await Deno.readTextFile(`${sums}.sig`));
  const list = `# ours\nrelease@harbornode ${await Deno.readTextFile(`${key}.pub`)}`;
  await Deno.writeTextFile(`${key}.signers`, list);
  await target.borrow("ssh-keygen");
  return { list, signers: `${key}.signers` };
}

await testNeeding(["ssh-keygen"], "a release is installed that is signed by somebody on the owner's list", async () => {
  await using target = await Target.make();
  const { signers } = await signed(target);
  const { code, message } = await target.install([...REPO, "--signers", signers]);
  assert.equal(code, 0, message);
  assert.doesNotMatch(message, /who made it/);
  assert.deepEqual(target.requested.slice(0, 2), ["SHA256SUMS", "SHA256SUMS.sig"]);
});

const REFUSED: { what: string; spoil: (target: Target) => unknown; says: RegExp }[] = [
  {
    what: "without a signature",
    spoil: (target) => target.served.delete("SHA256SUMS.sig"),
    says: /SHA256SUMS\.sig cannot be downloaded/,
  },
  {
    what: "with sums that were changed after they were signed",
    spoil: (target) => target.release("1.0.1"),
    says: /is not that of somebody who may sign/,
  },
  { what: "signed by a stranger", spoil: (target) => signed(target), says: /is not that of somebody who may sign/ },
  {
    what: "with a signature that is none",
    spoil: (target) => target.served.set("SHA256SUMS.sig", "no"),
    says: /is not that of somebody who may sign/,
  },
  {
    what: "that nothing here can check",
    spoil: (target) => target.remove("ssh-keygen"),
    says: /no ssh-keygen to check the signature with\n {2}hint: install openssh-client/,
  },
  {
    what: "that an old ssh-keygen cannot check",
    spoil: (target) => target.stub("ssh-keygen", "echo 'unknown option -- Y' >&2; exit 1"),
    says: /no ssh-keygen to check/,
  },
];

for (const { what, spoil, says } of REFUSED) {
  await testNeeding(["ssh-keygen"], `a release ${what} is refused where the owner names signers`, async () => {
    await using target = await Target.make();
    const { signers } = await signed(target);
    await spoil(target);
    const { code, message } = await target.install(REPO, { env: { HARBORNODE_SIGNERS: signers } });
    assert.equal(code, 1, message);
    assert.match(message, says);
    assert.deepEqual(await target.called("systemctl"), []);
    assert.ok(!(await target.files()).some((path) => path.startsWith("usr")));
  });
}

await testNeeding(["ssh-keygen"], "what was signed for another purpose is refused", async () => {
  await using target = await Target.make();
  const { signers } = await signed(target, "git");
  const { code, message } = await target.install([...REPO, "--signers", signers]);
  assert.equal(code, 1, message);
  assert.match(message, /is not that of somebody who may sign/);
});

await testNeeding(
  ["ssh-keygen"],
  "once a key is built in a release must be signed; where nothing can check, it is said",
  async () => {
    await using target = await Target.make();
    const { list } = await signed(target);
    const script = SCRIPT.replace(/(?<=^release_signers\(\) \{\n {2}cat <<'END'\n)[^]*?(?=^END$)/m, list);
    assert.notEqual(script, SCRIPT);
    assert.equal((await target.install(REPO, { script })).code, 0);
    await target.release("1.1.0");
    const { code, message } = await target.install([], { script });
    assert.equal(code, 1, message);
    assert.match(message, /is not that of somebody who may sign/);
    await target.remove("ssh-keygen");
    const unchecked = await target.install([], { script });
    assert.equal(unchecked.code, 0, unchecked.message);
    assert.match(unchecked.message, /warning: there is no ssh-keygen .*: only that the download is whole is checked/);
  },
);

Deno.test("without any key it is said that only the sums are checked; a list that names nobody is refused", async () => {
  await using target = await Target.make();
  assert.match((await target.install(REPO)).message, /warning: HarborNode has no key .*not who made it/);
  await Deno.writeTextFile(`${target.dir.path}/nobody`, "# later\n\n");
  for (const file of ["nobody", "missing"]) {
    const { code, message } = await target.install(["--signers", `${target.dir.path}/${file}`]);
    assert.equal(code, 1, message);
    assert.match(message, /names nobody|cannot be read/);
  }
});

Deno.test("a mirror by version is asked for the wanted one", async () => {
  await using target = await Target.make();
  await target.release("0.9.0", { folder: "all/0.9.0/" });
  const env = { HARBORNODE_BASE_URL: `${target.origin}/all/{version}` };
  const { code, message } = await target.install([...REPO, "--version", "v0.9.0"], { env });
  assert.equal(code, 0, message);
  assert.match(message, /HarborNode 0\.9\.0 is installed/);
});
