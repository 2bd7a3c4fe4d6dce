import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../../src/failure.ts";
import { readIdentity, readOrCreateIdentity } from "../../src/secrets/device_identity.ts";
import { newIdentity, recipientOf } from "../../src/secrets/x25519.ts";
import { tempDir } from "../support/temp.ts";

async function refusal(path: string): Promise<string> {
  try {
    await readOrCreateIdentity(path);
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.reason, "secret_unresolved");
    return error.message;
  }
  return assert.fail("it was read");
}

Deno.test("an identity is made once, for its owner's eyes", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "identity.txt");
  const made = await readOrCreateIdentity(path);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.match(
    await Deno.readTextFile(path),
    new RegExp(`^# public key: ${made.recipient}\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$`),
  );
  assert.deepEqual(await readOrCreateIdentity(path), made);
  await assert.rejects(() => readIdentity(join(dir.path, "other.txt")), /is not there$/);
});

Deno.test("an identity that is torn, empty or of another kind is left as it is, and none of it is in the message", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "identity.txt");
  const [first, second] = [newIdentity(), newIdentity()];
  const cases: [text: string, said: RegExp][] = [
    ["", /holds no identity$/],
    ["# public key: age1\n\n", /holds no identity$/],
    [first.slice(0, 40), /is damaged: identity 1 of 1 is none$/],
    [`${first}\n${second.slice(0, -1)}`, /is damaged: identity 2 of 2 is none$/],
    [`${first.slice(0, -1)}${first.endsWith("Q") ? "P" : "Q"}`, /is damaged/],
    ["AGE-PLUGIN-YUBIKEY-1QQQQ\n", /of a plugin/],
    ["AGE-SECRET-KEY-PQ-1QQQQ\n", /post-quantum/],
    ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n", /SSH or TLS key/],
    ["-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", /passphrase/],
  ];
  for (const [text, said] of cases) {
    await Deno.writeTextFile(path, text);
    const message = await refusal(path);
    assert.match(message, said);
    for (const line of text.split("\n")) assert.ok(line === "" || !message.includes(line.slice(0, 30)), message);
    assert.equal(await Deno.readTextFile(path), text);
  }
  await Deno.remove(path);
  await Deno.mkdir(path);
  assert.match(await refusal(path), /cannot be read$/);
});

Deno.test("several identities of a file count, and the first of them is the device's own", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "identity.txt");
  const [first, second] = [newIdentity(), newIdentity()];
  await Deno.writeTextFile(path, `# mine\r\n${first}\r\n\r\n  ${second}  \n`, { mode: 0o600 });
  const { keys, recipient, digestKey } = await readIdentity(path);
  assert.deepEqual(keys, [first, second]);
  assert.equal(recipient, recipientOf(first));
  await Deno.writeTextFile(path, `${first}\n`);
  assert.deepEqual((await readIdentity(path)).digestKey, digestKey);
});
