/** A release as it is read: which folder, what its sums say, and who signed it. */
import assert from "node:assert/strict";
import { Failure } from "../../src/failure.ts";
import { hashesFor, readSums, releaseDirectory } from "../../src/upgrade/release_files.ts";
import { RELEASE_SIGNERS } from "../../src/upgrade/release_signers.ts";
import { verifyRelease } from "../../src/upgrade/verify_release_signature.ts";
import { readAllowedSigners } from "../../src/signature/allowed_signers.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { makeKey, signWith } from "../support/ssh_keys.ts";
import { tempDir } from "../support/temp.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];
const SUMS = `# harbornode 0.2.0 4f2c91a\n${A}  harbornode-linux-x86_64\n${B}  harbornode-linux-x86_64.gz\n`;
const NOW = Date.UTC(2027, 0, 1);

const refused = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return `${error.reason}: ${error.message}`;
  }
  return null;
};

Deno.test("a release lies in the project's folder of its version, or where the owner says", () => {
  const project = "https://github.com/harbornode/harbornode/releases";
  assert.equal(releaseDirectory({ base: null, version: null }), `${project}/latest/download`);
  assert.equal(releaseDirectory({ base: null, version: "0.2.0" }), `${project}/download/v0.2.0`);
  const base = "https://mirror.example.org/hn/{version}/";
  assert.equal(releaseDirectory({ base, version: "0.2.0" }), "https://mirror.example.org/hn/0.2.0");
  assert.equal(releaseDirectory({ base: "http://m/hn/", version: "0.2.0" }), "http://m/hn");
  assert.match(refused(() => releaseDirectory({ base, version: null }))!, /^release_invalid: .* and none was named$/);
});

Deno.test("sums say which version a release is, and what is in it", () => {
  const release = readSums(SUMS);
  assert.deepEqual([release.version, release.commit], ["0.2.0", "4f2c91a"]);
  assert.deepEqual(hashesFor(release, "x86_64"), { plain: A, packed: B });
  assert.match(refused(() => hashesFor(release, "aarch64"))!, /no line for "harbornode-linux-aarch64"/);
  assert.equal(readSums(SUMS.replace("4f2c91a", "4f2c91a+changes")).commit, "4f2c91a+changes");
});

Deno.test("sums that are not as they are written are no release", () => {
  const wrong = ["", "<html>", SUMS.split("\n").slice(1).join("\n"), SUMS.replace("0.2.0", "latest"), `${SUMS}x\n`];
  wrong.push(SUMS.replace("-x86_64", "-riscv64"), SUMS + SUMS.split("\n")[1] + "\n", SUMS.replace(A, "abc"));
  for (const text of wrong) assert.match(refused(() => readSums(text))!, /^release_invalid: the SHA256SUMS/, text);
});

Deno.test("the list that is built in is the one in the repository, and install.sh's where it has one", async () => {
  const root = new URL("../../", import.meta.url);
  assert.ok(Array.isArray(readAllowedSigners(RELEASE_SIGNERS)));
  assert.equal(await Deno.readTextFile(new URL(".github/release_signers", root)), RELEASE_SIGNERS);
  const script = await Deno.readTextFile(new URL("install.sh", root));
  const [, inside] = /^release_signers\(\) \{\n {2}cat <<'END'\n([^]*?)^END$/m.exec(script) ?? [];
  if (inside !== undefined) assert.equal(inside, RELEASE_SIGNERS);
});

await testNeeding(
  ["ssh-keygen"],
  "a release counts when a key of the list signed it as one, and for no other reason",
  async () => {
    await using dir = await tempDir();
    const [key, other] = [await makeKey(dir.path, "key"), await makeKey(dir.path, "other")];
    const sums = new TextEncoder().encode(SUMS);
    const signature = await signWith(key, sums, { namespace: "harbornode-release" });
    const verdict = (list: string, given: { sums?: Uint8Array; signature?: string | null } = {}) => {
      const signers = readAllowedSigners(list);
      assert.ok(Array.isArray(signers));
      const release = { sums, signature, ...given };
      let by: string | null = "";
      const failure = refused(() => by = verifyRelease(release, { signers, now: NOW }).by);
      return failure ?? by;
    };
    const list = `release@harbornode namespaces="harbornode-release" ${key.line}\n`;
    assert.equal(verdict(list), "release@harbornode");
    assert.equal(verdict("# nobody yet\n"), null, "then only the checksum is known");
    assert.match(verdict(list, { signature: null })!, /^signature_missing: /);
    assert.match(verdict(list, { sums: sums.with(3, 0) })!, /^signature_invalid: .* is not of this release$/);
    assert.match(verdict(list, { signature: "garbage" })!, /^signature_invalid: /);
    const forGit = await signWith(key, sums, { namespace: "git" });
    assert.match(verdict(list, { signature: forGit })!, /^signature_invalid: .* is for "git"/);
    assert.match(verdict(`release@harbornode ${other.line}\n`)!, /^signer_unknown: /);
    assert.match(verdict(`release@harbornode namespaces="git" ${key.line}\n`)!, /^signer_unknown: /);
    assert.match(verdict(`release@harbornode valid-before="20260101" ${key.line}\n`)!, /^signer_unknown: /);
    assert.match(verdict(`release@harbornode valid-after="20280101" ${key.line}\n`)!, /^signer_unknown: /);
  },
);
