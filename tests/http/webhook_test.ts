import assert from "node:assert/strict";
import { AppOnPaper, SECRET } from "./app_on_paper.ts";

async function check(answer: Response, status: number, message: RegExp): Promise<void> {
  const body = await answer.json();
  assert.equal(answer.status, status, JSON.stringify(body));
  assert.match(body.message, message);
  assert.equal(body.accepted, status === 202);
}

Deno.test("webhook accepts a signed push to the followed branch, wakes once and lists the delivery", async () => {
  const paper = new AppOnPaper();
  await check(
    await paper.push({ ref: "refs/heads/main", repository: { full_name: "home/fleet" } }),
    202,
    /looked at now/,
  );
  assert.equal(paper.woken, 1);
  assert.deepEqual(paper.deliveries.map(({ forge, event, verdict }) => [forge, event, verdict]), [[
    "github",
    "push",
    "accepted",
  ]]);
});

Deno.test("webhook refuses a missing, empty or wrong signature, and lists that too", async () => {
  const paper = new AppOnPaper();
  for (const signature of ["", "sha256=", `sha256=${"0".repeat(64)}`]) {
    await check(await paper.push({}, { "x-hub-signature-256": signature }), 401, /missing or wrong/);
  }
  await check(await paper.get("/webhook", { method: "POST", body: "{}" }), 401, /missing or wrong/);
  assert.equal(paper.woken, 0);
  assert.deepEqual(paper.deliveries.map((one) => one.verdict), ["refused", "refused", "refused", "refused"]);
});

Deno.test("webhook does not exist without a secret", async () => {
  const paper = new AppOnPaper(null);
  await check(await paper.push({}), 404, /no webhook secret is set/);
  assert.equal(paper.woken, 0);
});

Deno.test("webhook answers 200 with the reason for another branch, another repository and a ping", async () => {
  const paper = new AppOnPaper();
  await check(await paper.push({ ref: "refs/heads/dev" }), 200, /"dev" is not followed, "main" is/);
  const other = { ref: "refs/heads/main", repository: { full_name: "home/other" } };
  await check(await paper.push(other), 200, /"home\/other" is not the one of this device/);
  await check(await paper.push({ zen: "x" }, { "x-github-event": "ping" }), 200, /pong/);
  assert.equal(paper.woken, 0);
});

Deno.test("webhook takes a bearer token with an empty body, as a call by hand has it", async () => {
  const paper = new AppOnPaper();
  const call = (token: string) =>
    paper.get("/webhook", { method: "POST", headers: { authorization: `Bearer ${token}` } });
  await check(await call(SECRET), 202, /looked at now/);
  await check(await call("guess"), 401, /missing or wrong/);
  assert.equal(paper.woken, 1);
});

Deno.test("webhook takes no body over 1 MiB, whether its length is announced or not", async () => {
  const paper = new AppOnPaper();
  await check(await paper.push("x".repeat(1024 * 1024 + 1)), 413, /over 1 MiB/);
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
  await check(await paper.get("/webhook", { method: "POST", body: endless }), 413, /over 1 MiB/);
  assert.equal(paper.woken, 0);
});

Deno.test("webhook takes whatever a signed body holds for a call, and never for an address", async () => {
  const paper = new AppOnPaper();
  for (const body of ["", "null", "[]", "{", '{"ref":5,"repository":"x"}', '{"repository":{"clone_url":5}}']) {
    await check(await paper.push(body), 202, /looked at now/);
  }
});
