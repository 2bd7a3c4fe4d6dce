import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { authenticate } from "../../../src/http/webhook/authenticate.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const NOW = Date.UTC(2026, 5, 1);

function proof(
  headers: Record<string, string>,
  { body = "{}", secrets = ["hush"], now = NOW }: { body?: string; secrets?: string[]; now?: number } = {},
) {
  return authenticate({ header: (name) => headers[name], body: bytes(body), secrets, now });
}

const hmac = (body: string, secret = "hush", algorithm = "sha256") =>
  createHmac(algorithm, secret).update(body).digest("hex");

interface Vector {
  from: string;
  headers: Record<string, string>;
  secret: string;
  body: string;
  now?: number;
}

/** Of the documentation of who sends them; the last is RFC 4231, test case 2. */
const VECTORS: Vector[] = [
  {
    from: "GitHub, Validating webhook deliveries",
    headers: { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
    secret: "It's a Secret to Everybody",
    body: "Hello, World!",
  },
  {
    from: "Bitbucket, Manage webhooks",
    headers: { "x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9" },
    secret: "It's a Secret to Everybody",
    body: "Hello World!",
  },
  {
    from: "Standard Webhooks",
    headers: {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    body: '{"test": 2432232314}',
    now: 1614265330_000,
  },
  {
    from: "RFC 4231",
    headers: { "x-gogs-signature": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    secret: "Jefe",
    body: "what do ya want for nothing?",
  },
];

for (const { from, headers, secret, body, now = NOW } of VECTORS) {
  Deno.test(`a signature is as ${from} has it, and of no other body or secret`, () => {
    assert.deepEqual(proof(headers, { body, secrets: ["another", secret], now }), { ok: true });
    assert.equal(proof(headers, { body, secrets: [`x${secret}`], now }).ok, false);
    assert.equal(proof(headers, { body: `${body} `, secrets: [secret], now }).ok, false);
  });
}

Deno.test("a signature header of each kind admits, in capital letters too", () => {
  const digest = hmac("{}");
  const pair = (text: string) => Buffer.from(text).toString("base64");
  for (
    const headers of [
      { "x-hub-signature-256": `sha256=${digest}` },
      { "x-hub-signature-256": `SHA256=${digest.toUpperCase()}` },
      { "x-hub-signature": `sha256=${digest}` },
      { "x-signature": `sha256=${digest}` },
      { "x-signature": `sha512=${hmac("{}", "hush", "sha512")}` },
      { "x-forgejo-signature": digest },
      { "x-gitea-signature": digest },
      { "x-gogs-signature": digest },
      { "x-gitlab-token": "hush" },
      { "authorization": "Bearer hush" },
      { "authorization": "bearer  hush " },
      { "authorization": `Basic ${pair("anybody:hush")}` },
      { "authorization": `Basic ${pair(":hush")}` },
      // One that is right is enough: a proxy may want an Authorization of its own.
      { "authorization": "Bearer of-the-proxy", "x-forgejo-signature": digest },
    ] as Record<string, string>[]
  ) {
    assert.deepEqual(proof(headers), { ok: true }, JSON.stringify(headers));
  }
});

Deno.test("nothing that is empty, short, of another scheme or another secret admits", () => {
  const digest = hmac("{}");
  const pair = (text: string) => Buffer.from(text).toString("base64");
  for (
    const headers of [
      { "x-hub-signature-256": digest },
      { "x-hub-signature-256": "sha256=" },
      { "x-hub-signature-256": `sha256=${digest.slice(1)}` },
      { "x-hub-signature-256": `sha256=${digest}0` },
      { "x-hub-signature-256": `sha256=${digest.replace(/^./, (one) => one === "0" ? "1" : "0")}` },
      { "x-hub-signature-256": `sha512=${hmac("{}", "hush", "sha512")}` },
      { "x-gitea-signature": `sha256=${digest}` },
      { "x-signature": `sha1=${hmac("{}", "hush", "sha1")}` },
      { "x-signature": `sha512=${digest}` },
      { "x-gitlab-token": "hus" },
      { "x-gitlab-token": "hush " },
      { "authorization": "Bearer" },
      { "authorization": "Bearer hushhush" },
      { "authorization": "hush" },
      { "authorization": `Basic ${pair("hush")}` },
      { "authorization": `Basic ${pair("hush:")}` },
      { "authorization": "Basic !" },
    ] as Record<string, string>[]
  ) {
    assert.equal(proof(headers).ok, false, JSON.stringify(headers));
  }
});

const refusal = (headers: Record<string, string>, options = {}) => {
  const found = proof(headers, options);
  return found.ok ? "admitted" : `${found.reason}: ${found.message}`;
};

Deno.test("what is refused is told apart: missing, empty, SHA-1 alone, wrong", () => {
  assert.match(refusal({}), /^missing_signature: no signature and no token/);
  // Gitea sends all of its headers, each empty, for a webhook without a secret.
  assert.match(
    refusal({ "x-gitea-signature": "", "x-hub-signature-256": "", "x-gogs-signature": " " }),
    /^missing_signature: its signature is empty/,
  );
  assert.match(refusal({ "x-hub-signature": `sha1=${hmac("{}", "hush", "sha1")}` }), /^bad_signature: .*SHA-1 alone/);
  assert.match(refusal({ "x-signature": `sha1=${hmac("{}", "hush", "sha1")}` }), /^bad_signature: .*SHA-1 alone/);
  assert.match(refusal({ "x-hub-signature-256": `sha256=${hmac("{ }")}` }), /^bad_signature: its signature or token/);
});

Deno.test("a signature over the body as it was, not as it could be written again", () => {
  const sent = '{"ref" : "refs/heads/main"}';
  const again = JSON.stringify(JSON.parse(sent));
  assert.equal(proof({ "x-hub-signature-256": `sha256=${hmac(again)}` }, { body: sent }).ok, false);
  assert.equal(proof({ "x-hub-signature-256": `sha256=${hmac(sent)}` }, { body: sent }).ok, true);
});

Deno.test("a Standard Webhooks signature counts for five minutes, and a wrong clock is told as such", () => {
  const sign = (at: number, key: string | Buffer = "hush") =>
    createHmac("sha256", key).update(`id.${at / 1000}.{}`).digest("base64");
  const headers = (at: number, signatures = `v1,${sign(at)}`) => ({
    "webhook-id": "id",
    "webhook-timestamp": String(at / 1000),
    "webhook-signature": signatures,
  });
  const minute = 60_000;
  for (const drift of [0, -5 * minute, 5 * minute]) assert.equal(refusal(headers(NOW + drift)), "admitted");
  assert.match(refusal(headers(NOW - 6 * minute)), /^stale_timestamp: .*6 min behind the clock/);
  assert.match(refusal(headers(NOW + 7 * minute)), /^stale_timestamp: .*7 min ahead of the clock/);
  assert.match(refusal(headers(NOW), { now: 0 }), /^clock_wrong: the clock of this device says 1970-01-01/);
  // Of the wrong secret, the clock is no excuse.
  assert.match(refusal(headers(NOW - 6 * minute), { secrets: ["other"] }), /^bad_signature/);
  assert.equal(refusal(headers(NOW, `v1,AAAA v1a,BBBB v1,${sign(NOW)}`)), "admitted");
  assert.match(refusal({ ...headers(NOW), "webhook-id": "other" }), /^bad_signature/);
  assert.match(refusal({ ...headers(NOW), "webhook-timestamp": "soon" }), /^bad_signature/);
  const key = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHQ=";
  const signed = headers(NOW, `v1,${sign(NOW, Buffer.from(key.slice(6), "base64"))}`);
  assert.equal(refusal(signed, { secrets: [key] }), "admitted");
});

Deno.test("an empty secret proves nothing, whoever knows it", () => {
  const pair = Buffer.from("anybody:").toString("base64");
  for (const headers of [{ "x-gitlab-token": "" }, { authorization: `Basic ${pair}` }] as Record<string, string>[]) {
    assert.equal(proof(headers, { secrets: [""] }).ok, false);
  }
});
