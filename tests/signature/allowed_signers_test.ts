import assert from "node:assert/strict";
import fc from "fast-check";
import { readAllowedSigners } from "../../src/signature/allowed_signers.ts";
import { matchesPatterns } from "../../src/signature/principal_pattern.ts";
import { readSshSignature } from "../../src/signature/ssh_signature.ts";
import { isWithinValidity } from "../../src/signature/validity_period.ts";
import { concat } from "../../src/model/bytes.ts";
import { Malformed, toBase64, wireString } from "../../src/signature/ssh_wire.ts";

const BLOB = concat([wireString("ssh-ed25519"), wireString(new Uint8Array(32).fill(9))]);
const KEY = `ssh-ed25519 ${toBase64(BLOB)}`;
const CERTIFICATE = `ssh-ed25519-cert-v01@openssh.com ${toBase64(wireString("ssh-ed25519-cert-v01@openssh.com"))}`;
const DSS = `ssh-dss ${toBase64(concat([wireString("ssh-dss"), wireString("x")]))}`;

Deno.test("what is wrong with a line of signers is said with its number", () => {
  const cases: [string, RegExp][] = [
    ["ada@example.org", /has no key after the names/],
    ['"ada@example.org ssh-ed25519', /has no key after the names/],
    [KEY, /has no key where one belongs/],
    [`!ada ${KEY}`, /names nobody/],
    [`ada cert-authority ${KEY}`, /"cert-authority": certificates are not accepted, list the keys themselves/],
    [`ada cert-authority,namespaces="git" ${KEY}`, /"cert-authority"/],
    [`ada touch-required ${KEY}`, /"touch-required", which is not known, or lacks a value/],
    [`ada namespaces ${KEY}`, /"namespaces", which is not known, or lacks a value/],
    [`ada namespaces="a",namespaces="b" ${KEY}`, /"namespaces" twice/],
    [`ada valid-before="soon" ${KEY}`, /"soon" as valid-before, which is no time/],
    [`ada valid-after="20270101",valid-before="20260101" ${KEY}`, /"valid-before" that is not after/],
    [`ada ${KEY}A`, /a key that is not well-formed base64/],
    [`ada ${KEY.replace("ssh-ed25519", "ssh-rsa")}`, /a key that is not of the type "ssh-rsa"/],
    [`ada ${CERTIFICATE}`, /a key that is a certificate, and only plain keys are accepted/],
    [`ada ${DSS}`, /a key that is of the type "ssh-dss", which is not accepted/],
  ];
  for (const [line, sentence] of cases) {
    const found = readAllowedSigners(`# the list\n\nbob ${KEY}\n${line}\n`);
    assert.ok(!Array.isArray(found), line);
    assert.equal(found.line, 4);
    assert.match(found.message, sentence, line);
  }
});

Deno.test("a line of signers is read with all that it says", () => {
  const line =
    `"ada lovelace,*@example.org" namespaces="git,f\\"le",valid-after="20260101Z",valid-before="20261231235959Z" ${KEY} of ada`;
  const [signer, ...others] = readAllowedSigners(line) as Extract<ReturnType<typeof readAllowedSigners>, unknown[]>;
  assert.deepEqual(others, []);
  assert.deepEqual({ ...signer, key: signer!.key.type }, {
    principal: "ada lovelace",
    key: "ssh-ed25519",
    namespaces: 'git,f"le',
    validAfter: Date.UTC(2026, 0, 1) / 1000,
    validBefore: Date.UTC(2026, 11, 31, 23, 59, 59) / 1000,
  });
  assert.deepEqual(readAllowedSigners(""), []);
});

Deno.test("times in lists of signers are read as ssh-keygen writes them", () => {
  assert.equal(isWithinValidity("20260301Z"), Date.UTC(2026, 2, 1) / 1000);
  assert.equal(isWithinValidity("202603011830utc"), Date.UTC(2026, 2, 1, 18, 30) / 1000);
  assert.equal(isWithinValidity("20260301183059"), new Date(2026, 2, 1, 18, 30, 59).getTime() / 1000);
  for (const bad of ["", "2026", "20260230", "20261301", "202603012460", "2026030118305", "20260301T1830", "always"]) {
    assert.equal(isWithinValidity(bad), null, bad);
  }
});

Deno.test("pattern lists match as their stars, question marks and negations say", () => {
  assert.ok(matchesPatterns("ada@example.org", "*@example.org"));
  assert.ok(!matchesPatterns("ada@example.org", "*@example.org,!ada*"));
  assert.ok(!matchesPatterns("ada", "!bob"));
  assert.ok(!matchesPatterns("git", ""));
  const part = fc.constantFrom("a", "b", "*", "?", "ab");
  const pattern = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
  const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 }).map((parts) => parts.join(""));
  const asRegExp = (one: string) => new RegExp(`^${one.replaceAll("*", ".*").replaceAll("?", ".")}$`);
  fc.assert(
    fc.property(text, pattern, (one, list) => {
      assert.equal(matchesPatterns(one, list), asRegExp(list).test(one));
    }),
    { numRuns: 1000, seed: 1 },
  );
});

Deno.test("a pattern that is made to cost much costs little", () => {
  const stars = `${"*a".repeat(2000)}b`;
  assert.ok(!matchesPatterns("a".repeat(2000), stars));
});

Deno.test("no text is a bug to who reads signatures and lists of signers", () => {
  const armour = (body: string) => `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----\n`;
  const blob = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.constantFrom("ssh-ed25519", "git", "nistp256", "")),
  )
    .map((parts) => concat(parts.map((part) => wireString(part))));
  const begun = blob.map((rest) => concat([new TextEncoder().encode("SSHSIG"), Uint8Array.of(0, 0, 0, 1), rest]));
  fc.assert(
    fc.property(fc.oneof(fc.string(), blob.map(toBase64), begun.map(toBase64)), (text) => {
      for (const one of [text, armour(text)]) {
        assert.throws(() => readSshSignature(one), (error) => error instanceof Malformed);
      }
      readAllowedSigners(text);
      readAllowedSigners(`ada ${text} ${KEY}`);
      readAllowedSigners(`ada ssh-ed25519 ${text}`);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
