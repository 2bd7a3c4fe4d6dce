import assert from "node:assert/strict";
import type { LongOperation, SyncOutcome } from "../../../src/http/control_app.ts";
import { serve } from "../../../src/http/serve_page.ts";
import { eventually } from "../../support/eventually.ts";
import { AppOnPaper, SECRET } from "../test_app.ts";

async function check(answer: Response, status: number, message: RegExp): Promise<void> {
  const body = await answer.json();
  assert.equal(answer.status, status, JSON.stringify(body));
  assert.match(body.message, message);
  assert.equal(body.accepted, status === 202);
}

const bearer = (token: string) => ({ method: "POST", headers: { authorization: `Bearer ${token}` } });

Deno.test("webhook accepts a signed push to the followed branch, wakes once and lists the delivery by its id", async () => {
  const paper = new AppOnPaper();
  const answer = await paper.push({ ref: "refs/heads/main" }, { "x-github-delivery": "72d3162e" });
  const { accepted, id, reason } = await answer.json();
  assert.deepEqual([answer.status, accepted, id, reason, paper.woken], [202, true, "72d3162e", "queued", 1]);
  assert.deepEqual(paper.deliveries.map(({ id, forge, event, verdict }) => [id, forge, event, verdict]), [
    ["72d3162e", "github", "push", "accepted"],
  ]);
});

Deno.test("webhook takes a delivery for repeated only after the one before was accepted", async () => {
  const paper = new AppOnPaper();
  const push = (ref: string, headers: Record<string, string> = {}) =>
    paper.push({ ref }, { "x-github-delivery": "one", ...headers });
  await check(await push("refs/heads/main", { "x-hub-signature-256": "sha256=0" }), 401, /of no secret/);
  await check(await push("refs/heads/dev"), 200, /is not followed/);
  await check(await push("refs/heads/main"), 202, /looked at now/);
  await check(await push("refs/heads/main"), 200, /delivered before/);
});

Deno.test("webhook does not exist without a secret", async () => {
  const paper = new AppOnPaper({ secrets: [] });
  await check(await paper.push({}), 404, /no webhook secret is set/);
  assert.equal(paper.woken, 0);
});

Deno.test("webhook takes each of several secrets, so that one can take the place of another", async () => {
  const paper = new AppOnPaper({ secrets: ["old", "new"] });
  for (const secret of ["old", "new"]) await check(await paper.get("/webhook", bearer(secret)), 202, /looked at now/);
  await check(await paper.get("/webhook", bearer("older")), 401, /of no secret/);
});

Deno.test("webhook takes no other method than POST", async () => {
  const paper = new AppOnPaper();
  for (const method of ["GET", "PUT", "DELETE"]) {
    const answer = await paper.get("/webhook", { ...bearer(SECRET), method });
    await answer.body?.cancel();
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
  }
});

Deno.test("webhook takes no body over 1 MiB, whether its length is announced or not", async () => {
  const paper = new AppOnPaper();
  await check(await paper.push("x".repeat(1024 * 1024 + 1)), 413, /over 1 MiB/);
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
  await check(await paper.get("/webhook", { method: "POST", body: endless }), 413, /over 1 MiB/);
  assert.equal(paper.woken, 0);
});

Deno.test("webhook ends a body that is too large over a real connection, before all of it came", async () => {
  const paper = new AppOnPaper();
  const served = await serve(paper.app, { address: "127.0.0.1", port: 0 });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
  const write = async (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  };
  await write("POST /webhook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
  // A chunk of 64 KiB, again and again, and never the last one.
  for (let sent = 0; sent <= 1024 * 1024; sent += 65_536) await write(`10000\r\n${"x".repeat(65_536)}\r\n`);
  const answer = new Uint8Array(12);
  await connection.read(answer);
  assert.equal(new TextDecoder().decode(answer), "HTTP/1.1 413");
  connection.close();
  await served.close();
});

Deno.test("webhook says which type it wants of a forge that sends another one, and takes any from others", async () => {
  const paper = new AppOnPaper();
  await check(
    await paper.push("<push/>", { "content-type": "text/xml" }),
    415,
    /it is text\/xml; choose application\/json/,
  );
  const call = { ...bearer(SECRET), body: "whatever" };
  await check(await paper.get("/webhook", call), 202, /looked at now/);
});

Deno.test("webhook takes whatever a signed body holds for a call, and never for an address", async () => {
  const paper = new AppOnPaper();
  const bodies = [
    "",
    "null",
    "[]",
    "{",
    '{"ref":5,"repository":"x"}',
    '{"repository":{"clone_url":5}}',
    '{"push":[1]}',
  ];
  bodies.push('{"changes":[null,{"ref":null}],"push":{"changes":{"0":1}}}', '{"__proto__":{"ref":"refs/heads/x"}}');
  for (const body of bodies) await check(await paper.push(body), 202, /looked at now/);
});

Deno.test("webhook lists nothing that could move a cursor or go on for ever", async () => {
  const paper = new AppOnPaper();
  await check(
    await paper.push({ ref: `refs/heads/\x1b[2J\u202e${"x".repeat(500)}` }),
    200,
    /"\[2J x+\.\.\." is not/,
  );
  await check(await paper.push({}, { "x-github-event": `e${"\x9b"}${"x".repeat(300)}` }), 200, /is no push/);
  assert.ok(paper.deliveries.every((delivery) => /^[\x20-\x7e]{0,400}$/.test(JSON.stringify(delivery))));
});

Deno.test("webhook answers 429 after ten failures of an address in a minute, never to who knows the secret", async () => {
  const paper = new AppOnPaper({ trustedProxies: ["10.0.0.0/8"] });
  const fail = (address: string, forwarded?: string) =>
    paper.get("/webhook", { ...bearer("guess"), headers: headersOf("guess", forwarded) }, { address });
  for (let i = 0; i < 10; i++) await check(await fail("192.0.2.1"), 401, /of no secret/);
  const limited = await fail("192.0.2.1");
  assert.equal(limited.headers.get("retry-after"), "60");
  await check(limited, 429, /too many failures/);
  assert.equal(paper.deliveries.length, 10, "what is limited is not listed");
  await check(await paper.get("/webhook", bearer(SECRET), { address: "192.0.2.1" }), 202, /looked at now/);
  await check(await fail("192.0.2.2"), 401, /of no secret/);
  // Who is no proxy of ours cannot speak for others; who is, does.
  await check(await fail("192.0.2.1", "198.51.100.1"), 429, /too many/);
  await check(await fail("10.0.0.2", "192.0.2.1"), 429, /too many/);
  await check(await fail("10.0.0.2", "198.51.100.1"), 401, /of no secret/);
  paper.now += 61_000;
  await check(await fail("192.0.2.1"), 401, /of no secret/);
});

function headersOf(token: string, forwarded?: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, ...(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }) };
}

const lines = async (answer: Response) => (await answer.text()).trim().split("\n").map((line) => JSON.parse(line));

Deno.test("webhook with wait=1 answers with what became of it, line by line", async () => {
  const paper = new AppOnPaper();
  paper.sync = ({ progress }) => {
    progress("fetching revision 4f2c91a");
    return Promise.resolve({ ok: false, revision: "4f2c91a", message: "web: rolled-back", hint: null });
  };
  const all = await lines(await paper.get("/webhook?wait=1", bearer(SECRET)));
  assert.equal(all.at(-2).progress, "fetching revision 4f2c91a");
  const { accepted, ok, revision, message } = all.at(-1);
  assert.deepEqual([accepted, ok, revision, message], [true, false, "4f2c91a", "web: rolled-back"]);
  await check(await paper.get("/webhook?wait=1", bearer("guess")), 401, /of no secret/);
});

Deno.test("webhook lets eight wait, over a real connection, and forgets who leaves", async () => {
  const paper = new AppOnPaper();
  const waiting = new Set<LongOperation>();
  paper.sync = (work) =>
    new Promise<SyncOutcome>((_, reject) => {
      waiting.add(work);
      work.signal.addEventListener("abort", () => {
        waiting.delete(work);
        reject(work.signal.reason);
      });
    });
  const served = await serve(paper.app, { address: "127.0.0.1", port: 0 });
  const leave = new AbortController();
  const url = `http://127.0.0.1:${served.port}/webhook?wait=1`;
  const held = await Promise.all(
    Array.from({ length: 8 }, () => fetch(url, { ...bearer(SECRET), signal: leave.signal })),
  );
  await eventually("all of them wait", () => waiting.size === 8);
  const ninth = await fetch(url, bearer(SECRET));
  await check(ninth, 202, /looked at now, and too many wait/);
  assert.equal(paper.woken, 1, "who does not wait is looked for all the same");
  leave.abort();
  await Promise.all(held.map((answer) => answer.text().catch(() => {})));
  await eventually("nobody waits any more", () => waiting.size === 0);
  paper.sync = () => Promise.reject(new Error("stopped"));
  const [, last] = await lines(await fetch(url, bearer(SECRET)));
  assert.match(last.message, /was cut off/);
  await served.close();
});

Deno.test("webhook takes a hundred deliveries at once, and wakes for each", async () => {
  const paper = new AppOnPaper();
  const served = await serve(paper.app, { address: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${served.port}/webhook`;
  const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(url, bearer(SECRET))));
  for (const answer of answers) await check(answer, 202, /looked at now/);
  assert.equal(paper.woken, 100);
  await served.close();
});
