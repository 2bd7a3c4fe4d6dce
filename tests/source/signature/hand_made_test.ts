import assert from "node:assert/strict";
import { Failure } from "../../../src/failure.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";
import { commitWith, PAYLOAD, verdict } from "./commit_fixture.ts";
import { byRsa, bySecurityKey, type HandMade } from "./sign_by_hand.ts";

/** What `ssh-keygen -Y verify` says of the same signature. */
async function sshKeygenAccepts({ line, armored }: HandMade): Promise<boolean> {
  await using dir = await tempDir();
  const [list, signature] = [`${dir.path}/signers`, `${dir.path}/signature`];
  await Deno.writeTextFile(list, `ada@example.org ${line}\n`);
  await Deno.writeTextFile(signature, armored);
  const child = new Deno.Command("ssh-keygen", {
    args: ["-Y", "verify", "-n", "git", "-I", "ada@example.org", "-f", list, "-s", signature],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(PAYLOAD);
  await writer.close();
  return (await child.status).success;
}

await testNeeding(["ssh-keygen"], "signatures of security keys count, touched or not, as for ssh-keygen", async () => {
  for (const type of ["ed25519", "ecdsa"] as const) {
    for (const touched of [true, false]) {
      const made = bySecurityKey(PAYLOAD, { type, touched });
      assert.ok(await sshKeygenAccepts(made), type);
      assert.equal(verdict(commitWith(made.armored), `ada@example.org ${made.line}`), "ada@example.org");
      const other = bySecurityKey(new Uint8Array([...PAYLOAD, 0x21]), { type, touched });
      const found = verdict(commitWith(other.armored), `ada@example.org ${other.line}`);
      assert.ok(found instanceof Failure && found.reason === "signature_invalid");
    }
  }
});

await testNeeding(["ssh-keygen"], "RSA counts with SHA-2, and never with SHA-1", async () => {
  for (const algorithm of ["rsa-sha2-256", "rsa-sha2-512"] as const) {
    const made = byRsa(PAYLOAD, algorithm);
    assert.ok(await sshKeygenAccepts(made), algorithm);
    assert.equal(verdict(commitWith(made.armored), `ada@example.org ${made.line}`), "ada@example.org");
  }
  const old = byRsa(PAYLOAD, "ssh-rsa");
  assert.equal(await sshKeygenAccepts(old), false);
  const found = verdict(commitWith(old.armored), `ada@example.org ${old.line}`);
  assert.ok(found instanceof Failure && found.reason === "signature_invalid");
  assert.match(found.message, /is made with SHA-1, which can be forged/);
});
