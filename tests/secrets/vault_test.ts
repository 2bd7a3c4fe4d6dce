import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { Failure } from "../../src/failure.ts";
import { redactSecrets } from "../../src/log.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Secret } from "../../src/model/secret_reference.ts";
import type { NativeWorkload } from "../../src/model/workload.ts";
import { diffSpecs, explainChange } from "../../src/reconciler/pipeline/spec_diff.ts";
import { encrypt } from "../../src/secrets/decrypt_age.ts";
import { Vault } from "../../src/secrets/vault.ts";
import { newIdentity, recipientOf } from "../../src/secrets/x25519.ts";
import { tempDir } from "../support/temp.ts";
import { native } from "../support/workload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function vaults(count: number) {
  const dir = await tempDir();
  const all = await Promise.all(
    Array.from({ length: count }, (_, index) => Vault.open(join(dir.path, `${index}.txt`), { make: true })),
  );
  return { path: dir.path, all, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

async function secret(
  value: string | Uint8Array,
  { to, type = "env", name = "PASSWORD", source = null }: {
    to: string;
    type?: "env" | "file";
    name?: string;
    source?: string | null;
  },
): Promise<Secret> {
  const plaintext = typeof value === "string" ? bytes(value) : value;
  return { target: { type, name }, source, ciphertext: (await encrypt(plaintext, [to])).toBase64(), digest: null };
}

async function resolved(vault: Vault, ...secrets: Secret[]): Promise<NativeWorkload> {
  const { workload, unresolved } = await vault.resolve(native({ secrets }));
  assert.equal(unresolved, null);
  return workload;
}

Deno.test("laws: equal values have equal fingerprints however often encrypted, other values and devices other ones", async () => {
  await using device = await vaults(2);
  const [one, two] = device.all as [Vault, Vault];
  const value = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }).filter((text) => !/\0|\n$/.test(text));
  let [equal, other] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      value,
      fc.option(value, { freq: 2 }),
      fc.constantFrom("env" as const, "file" as const),
      async (a, changed, type) => {
        const b = changed ?? a;
        const [first, second] = [
          await resolved(one, await secret(a, { to: one.recipient!, type })),
          await resolved(one, await secret(b, { to: one.recipient!, type })),
        ];
        assert.notEqual(first.secrets![0]!.ciphertext, second.secrets![0]!.ciphertext);
        assert.equal(fingerprint(first) === fingerprint(second), a === b);
        const elsewhere = await resolved(two, await secret(a, { to: two.recipient!, type }));
        assert.notEqual(fingerprint(elsewhere), fingerprint(first));
        if (a === b) equal++;
        else other++;
      },
    ),
    { numRuns: 40 },
  );
  assert.ok(equal > 3 && other > 3, `${equal} equal, ${other} other`);
});

Deno.test("a changed value is told as such, and neither it nor its digest is", async () => {
  await using device = await vaults(1);
  const [vault] = device.all as [Vault];
  const to = vault.recipient!;
  const before = await resolved(
    vault,
    await secret("first-value", { to }),
    await secret("same", { to, type: "file", name: "a.pem" }),
  );
  const after = await resolved(
    vault,
    await secret("second-value", { to }),
    await secret("same", { to, type: "file", name: "a.pem" }),
  );
  assert.deepEqual(explainChange(before, after), { reason: "secret_changed", message: "secrets.PASSWORD changed" });
  assert.equal(explainChange(before, { ...after, user: "ada" }).reason, "spec_changed");
  const plain = native({ env: { PASSWORD: "first-value" } });
  assert.deepEqual(diffSpecs(plain, before).map(({ field }) => field), [
    "env.PASSWORD",
    "secrets.PASSWORD",
    "secrets.a.pem",
  ]);
  assert.doesNotMatch(JSON.stringify(diffSpecs(plain, before)), /value|[0-9a-f]{32}/);
});

Deno.test("a value is handed over as it is, a variable without the line end behind it", async () => {
  await using device = await vaults(1);
  const [vault] = device.all as [Vault];
  const to = vault.recipient!;
  const raw = crypto.getRandomValues(new Uint8Array(500));
  const workload = await resolved(
    vault,
    await secret("${ports.http} $HOME 'x'\n\n", { to, name: "A" }),
    await secret("windows\r\n", { to, name: "B" }),
    await secret("\u{FEFF}ü", { to, name: "C" }),
    await secret(raw, { to, type: "file", name: "raw" }),
    await secret("line\n", { to, type: "file", name: "text" }),
  );
  assert.deepEqual(await vault.reveal(workload), {
    env: { A: "${ports.http} $HOME 'x'\n", B: "windows", C: "\u{FEFF}ü" },
    files: [{ name: "raw", content: raw }, { name: "text", content: bytes("line\n") }],
  });
});

Deno.test("what cannot be decrypted or delivered is named, with what to do, and has no digest", async () => {
  await using device = await vaults(1);
  const [vault] = device.all as [Vault];
  const to = vault.recipient!;
  const others = await secret("x-secret", { to: recipientOf(newIdentity())!, source: "db" });
  const good = await secret("x-secret", { to });
  const cut = { ...good, ciphertext: Uint8Array.fromBase64(good.ciphertext).slice(0, -1).toBase64() };
  const cases: [Secret, RegExp][] = [
    [others, /^the secret "db" \(as PASSWORD\) is not encrypted to this device, whose recipient is age1/],
    [cut, /^the secret "PASSWORD" is damaged$/],
    [await secret(new Uint8Array([0xff]), { to }), /is not UTF-8 text/],
    [await secret("a\0b", { to }), /holds a NUL character/],
  ];
  for (const [one, said] of cases) {
    const { workload, unresolved } = await vault.resolve(
      native({ secrets: [await secret("fine", { to, name: "OTHER" }), one] }),
    );
    assert.equal(unresolved?.reason, "secret_unresolved");
    assert.match(unresolved.message, said);
    assert.notEqual(unresolved.hint, null);
    assert.deepEqual(workload.secrets!.map(({ digest }) => digest === null), [false, true]);
    await assert.rejects(() => vault.reveal(workload), (error) => error instanceof Failure && said.test(error.message));
  }
});

Deno.test("an identity that cannot be used is said of each workload that needs it, and of no other", async () => {
  await using device = await vaults(1);
  const path = join(device.path, "torn.txt");
  await Deno.writeTextFile(path, "AGE-SECRET-KEY-1QQ", { mode: 0o600 });
  const vault = await Vault.open(path, { make: true });
  assert.equal(vault.recipient, null);
  const { unresolved } = await vault.resolve(
    native({ secrets: [await secret("x", { to: device.all[0]!.recipient! })] }),
  );
  assert.match(unresolved?.message ?? "", /^the secret "PASSWORD" cannot be decrypted: the identity ".*" is damaged/);
  assert.equal((await vault.resolve(native({}))).unresolved, null);
});

Deno.test("what was decrypted is in no log line, nor is a line of a key", async () => {
  await using device = await vaults(1);
  const [vault] = device.all as [Vault];
  const to = vault.recipient!;
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END KEY-----\n";
  await resolved(vault, await secret(key, { to, type: "file" }), await secret("correct-horse\n", { to, name: "B" }));
  assert.equal(redactSecrets("it said correct-horse, MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"), "it said ***, ***");
});
