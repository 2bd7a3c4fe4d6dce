/** Whatever is posted to a device: an answer that says what became of it, a look at the repository, and nothing else. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { AppOnPaper, SECRET } from "../http/test_app.ts";
import { fuzz, rounds, UNPRINTABLE } from "./fuzz.ts";
import { oftenMutated } from "./mutations.ts";

const BODIES = [
  '{"ref":"refs/heads/main","repository":{"full_name":"home/fleet","clone_url":"https://git.example.org/home/fleet.git"}}',
  '{"push":{"changes":[{"new":{"type":"branch","name":"main"}}]},"repository":{"full_name":"home/fleet"}}',
  '{"changes":[{"ref":{"id":"refs/heads/main"},"type":"UPDATE"}]}',
  '{"ref":"refs/tags/v1","deleted":true,"after":"0000000000000000000000000000000000000000"}',
  '{"publisherId":"tfs","eventType":"git.push","id":"1","resource":{"refUpdates":[{"name":"refs/heads/main"}]}}',
  "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D&x=1",
  '{"zen":"x","hook_id":1}',
  "[]",
  "null",
  '"ref"',
  "",
];

const EVENTS = [
  "x-github-event",
  "x-gitlab-event",
  "x-gitea-event",
  "x-forgejo-event",
  "x-gogs-event",
  "x-event-key",
];
const ANY = [
  ...EVENTS,
  "x-github-delivery",
  "x-gitlab-event-uuid",
  "idempotency-key",
  "x-request-uuid",
  "x-hub-signature",
  "x-hub-signature-256",
  "x-signature",
  "x-gitea-signature",
  "x-gitlab-token",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
  "authorization",
  "content-type",
  "content-encoding",
  "content-length",
  "x-forwarded-for",
  "forwarded",
  "host",
  "origin",
  "expect",
];
const TYPES = [
  "application/json",
  "application/x-www-form-urlencoded",
  "text/plain",
  "multipart/form-data",
  "x/y; charset=utf-7",
];

/** What a header may hold on the wire. */
const value = fc.oneof(
  fc.constantFrom(
    "",
    "push",
    "ping",
    "Push Hook",
    "repo:push",
    "sha256=",
    "sha1=00",
    "Bearer ",
    "Basic Og==",
    "v1,",
    "-1",
    ...TYPES,
  ),
  fc.constantFrom("1e999", "9".repeat(40), "0".repeat(64), `sha256=${"0".repeat(64)}`, `Bearer ${"x".repeat(9000)}`),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
);
const headers = fc.dictionary(fc.constantFrom(...ANY), value, { maxKeys: 8 });
const query = fc.constantFrom("", "?wait=1", "?wait=", "?wait=1&wait=2", "?%", "?secret=x");

/** A way to prove the secret of the device; null for none. */
type Proof = ((body: string) => Record<string, string>) | null;
const hmac = (body: string) => createHmac("sha256", SECRET).update(body).digest("hex");
const proof: fc.Arbitrary<Proof> = fc.constantFrom<Proof>(
  null,
  null,
  (body) => ({ "x-hub-signature-256": `sha256=${hmac(body)}` }),
  () => ({ authorization: `Bearer ${SECRET}` }),
);

/** Anything else would be a crash, or a promise that is not kept. */
const ANSWERS = new Set([200, 202, 400, 401, 404, 413, 415, 429]);

interface Verdict {
  accepted: boolean;
  reason: string;
  message: string;
}

Deno.test("no delivery is a bug to who takes it; unproved it wakes nobody, proved it wakes once at most", async () => {
  let accepted = 0;
  const property = fc.asyncProperty(oftenMutated(BODIES), headers, proof, query, async (body, others, prove, asked) => {
    const paper = new AppOnPaper();
    const all = { ...others, ...prove?.(body) };
    const answer = await paper.get(`/webhook${asked}`, { method: "POST", headers: all, body });
    const text = await answer.text();
    assert.ok(ANSWERS.has(answer.status), `${answer.status}: ${text}`);
    // Who waits for the result reads on: lines of progress, and the result as the last one.
    const lines = text.trim().split("\n");
    const verdict = JSON.parse(lines.at(-1)!) as Verdict;
    const waited = lines.length > 1;
    if (!waited) assert.match(verdict.reason, /^[a-z_]+$/);
    assert.ok(verdict.message.length > 0 && verdict.message.length < 500, verdict.message);
    assert.doesNotMatch(verdict.message, UNPRINTABLE);
    if (!waited) assert.equal(paper.woken > 0, verdict.accepted, text);
    assert.ok(paper.woken <= 1);
    if (prove === null) assert.equal(verdict.accepted, false, "accepted without a proof");
    if (verdict.accepted) accepted++;
    const shown = `${text} ${JSON.stringify(paper.deliveries)}`;
    assert.ok(!shown.includes(SECRET) && !shown.includes(hmac(body)), `a secret is told: ${shown}`);
    for (const { event, message, forge, id } of paper.deliveries) {
      for (const one of [event, message, forge, id]) {
        assert.doesNotMatch(one, UNPRINTABLE);
        assert.ok(one.length < 500);
      }
    }
    assert.equal((await paper.get("/")).status, 200, "the page cannot show it");
  });
  await fc.assert(property, fuzz(800));
  assert.ok(accepted > rounds(800) / 10, `${accepted} were accepted`);
});

Deno.test("no request to the page or the API is a bug, and none but a webhook's wakes anybody", async () => {
  const part = fc.oneof(
    fc.constantFrom(
      "",
      "api",
      "v1",
      "status",
      "workloads",
      "camera",
      "logs",
      "usage",
      "events",
      "ui",
      "..",
      "%2e%2e",
      "%",
      "%00",
      "webhook",
      "healthz",
    ),
    fc.string({ unit: "binary", maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed())),
  );
  const path = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);
  const search = fc.constantFrom(
    "",
    "?tail=-1",
    "?tail=1e9",
    "?since=99999999999d",
    "?since=%00",
    "?tail=1&tail=2",
    "?x",
  );
  const method = fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND");
  const property = fc.asyncProperty(method, path, search, headers, async (verb, where, asked, sent) => {
    const paper = new AppOnPaper();
    const answer = await paper.get(where + asked, { method: verb, headers: sent });
    const isEvents = answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    if (isEvents) await answer.body?.cancel();
    else await answer.text();
    assert.ok(answer.status < 500, `${verb} ${where}${asked}: ${answer.status}`);
    assert.ok(["GET", "HEAD"].includes(verb) || answer.status >= 400, `${verb} ${where} was taken: ${answer.status}`);
    assert.equal(paper.woken, 0);
  });
  await fc.assert(property, fuzz(500));
});
