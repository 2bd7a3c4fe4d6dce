/** What age itself (Debian's) encrypts and decrypts, and ours, are the same. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readAge } from "../../src/manifest/age_text.ts";
import { armored, decrypt, encrypt } from "../../src/secrets/decrypt_age.ts";
import { readOrCreateIdentity } from "../../src/secrets/device_identity.ts";
import { isRecipient, newIdentity, recipientOf } from "../../src/secrets/x25519.ts";
import { tempDir } from "../support/temp.ts";
import { testNeeding } from "../support/prerequisite.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const PLAINTEXTS = [bytes("hunter2"), bytes("two\nlines\n"), crypto.getRandomValues(new Uint8Array(65_000))];

async function run(program: string, args: string[], input: Uint8Array = new Uint8Array()): Promise<Uint8Array> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return stdout;
}

await testNeeding(
  ["age"],
  "age decrypts what we encrypt, binary and armoured, with the identity that we made",
  async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "identity.txt");
    const { recipient } = await readOrCreateIdentity(path);
    const made = new TextDecoder().decode(await run("age-keygen", ["-y", path])).trim();
    assert.equal(recipient, made);
    for (const plaintext of PLAINTEXTS) {
      const ciphertext = await encrypt(plaintext, [recipientOf(newIdentity())!, recipient]);
      assert.deepEqual(await run("age", ["-d", "-i", path], ciphertext), plaintext);
      assert.deepEqual(await run("age", ["-d", "-i", path], bytes(`${await armored(ciphertext)}\n`)), plaintext);
    }
  },
);

await testNeeding(
  ["age"],
  "we decrypt what age encrypts, binary and armoured, with the identity that it made",
  async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "key.txt");
    await run("age-keygen", ["-o", path]);
    const { keys, recipient } = await readOrCreateIdentity(path);
    assert.ok(isRecipient(recipient));
    for (const plaintext of PLAINTEXTS) {
      for (const form of [[], ["-a"]]) {
        const ciphertext = await run("age", [...form, "-r", recipientOf(newIdentity())!, "-r", recipient], plaintext);
        const isArmour = form.length > 0;
        const read = readAge(isArmour ? new TextDecoder().decode(ciphertext) : ciphertext.toBase64());
        if ("problem" in read) assert.equal(`${read.problem}, ${ciphertext.length > 65_536}`, "is over 64 KiB, true");
        else assert.deepEqual(await decrypt(Uint8Array.fromBase64(read.ciphertext), keys), { plaintext });
      }
    }
  },
);

Deno.test("what is encrypted to others, or damaged at any byte, is told apart, and gives nothing", async () => {
  const [own, other] = [newIdentity(), newIdentity()];
  const ciphertext = await encrypt(bytes("hunter2"), [recipientOf(own)!]);
  assert.deepEqual(await decrypt(ciphertext, [other]), { unreadable: "not for these" });
  assert.deepEqual(await decrypt(ciphertext, [other, own]), { plaintext: bytes("hunter2") });
  for (let at = 0; at < ciphertext.length; at += 7) {
    const damaged = ciphertext.slice();
    damaged[at]! ^= 1;
    assert.ok("unreadable" in await decrypt(damaged, [own]), `byte ${at}`);
  }
  for (const length of [0, 10, ciphertext.length - 1]) {
    assert.deepEqual(await decrypt(ciphertext.slice(0, length), [own]), { unreadable: "damaged" });
  }
});

Deno.test("a recipient is one of age's own, whole", () => {
  const good = recipientOf(newIdentity())!;
  assert.ok(isRecipient(good));
  for (
    const bad of ["", "age1", good.slice(0, -1), good.toUpperCase(), `${good}q`, newIdentity(), "ssh-ed25519 AAAA"]
  ) {
    assert.equal(isRecipient(bad), false, bad);
  }
});
