import assert from "node:assert/strict";
import { type Message, messageRequest } from "../../src/notify/message_request.ts";
import { retryAfterMs, send } from "../../src/notify/send_once.ts";
import type { NotifyTarget } from "../../src/settings/settings.ts";
import { type Asked, Receiver } from "./receiver.ts";
import { authenticate } from "../../src/http/webhook/authenticate.ts";

const NOW = Date.UTC(2026, 5, 1);
const SECRET = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHQ=";
const MESSAGE: Message = {
  event: "unhealthy",
  device: "pi-<kitchen>",
  workload: "web",
  revision: "4f2c91a",
  reason: "unhealthy",
  message: `web & door are unhealthy: <@everyone> ${"ö".repeat(4000)}`,
  at: "2026-06-01T00:00:00.000Z",
};

function target(type: NotifyTarget["type"], url: string, own: Partial<NotifyTarget> = {}): NotifyTarget {
  const rest = { secret: null, token: null, events: [], repeatIntervalMs: null, allowLocal: true };
  return { name: type, type, url, ...rest, ...own };
}

const options = { signal: new AbortController().signal, allowLocal: true, now: NOW };

async function told(type: NotifyTarget["type"], path: string, own: Partial<NotifyTarget> = {}): Promise<Asked> {
  await using receiver = new Receiver();
  const request = messageRequest(target(type, receiver.origin + path, own), {
    message: MESSAGE,
    id: "msg_1",
    now: NOW,
  });
  assert.deepEqual(await send(request, options), { type: "said" });
  const [asked] = receiver.asked;
  assert.equal(asked?.method, "POST");
  assert.match(asked!.headers.get("user-agent")!, /^HarborNode\//);
  assert.match(asked!.headers.get("content-type")!, /^application\/json/);
  return asked!;
}

Deno.test("a webhook gets a message that its secret proves, as Standard Webhooks has it", async () => {
  const { path, headers, body } = await told("webhook", "/hook/a?b=c", { secret: SECRET });
  assert.equal(path, "/hook/a");
  const claim = { header: (name: string) => headers.get(name) ?? undefined, secrets: [SECRET], now: NOW };
  assert.deepEqual(authenticate({ ...claim, body: new TextEncoder().encode(body) }), { ok: true });
  assert.deepEqual([headers.get("webhook-id"), headers.get("x-harbornode-event")], ["msg_1", "unhealthy"]);
  const { type, timestamp, data } = JSON.parse(body);
  assert.deepEqual([type, timestamp, data.workload, data.message], ["unhealthy", MESSAGE.at, "web", MESSAGE.message]);
  const unsigned = await told("webhook", "/");
  assert.equal(unsigned.headers.get("webhook-signature"), null);
});

Deno.test("ntfy gets a message as JSON for its topic, with a token where there is one", async () => {
  const { path, headers, body } = await told("ntfy", "/my-topic", { token: "tk_1" });
  const { topic, title, message, priority } = JSON.parse(body);
  assert.deepEqual([path, topic, title, priority], ["/", "my-topic", "pi-<kitchen>: unhealthy", 4]);
  assert.equal(headers.get("authorization"), "Bearer tk_1");
  assert.ok(new TextEncoder().encode(message).length < 4096);
  assert.equal((await told("ntfy", "/my-topic")).headers.get("authorization"), null);
});

Deno.test("Slack and Discord get a message within their limits, and nobody is called by it", async () => {
  const slack = await told("slack", "/services/T0/B0/secret");
  assert.match(JSON.parse(slack.body).text, /^\*pi-&lt;kitchen&gt;\*: web &amp; door are unhealthy: &lt;@everyone&gt;/);
  const discord = JSON.parse((await told("discord", "/api/webhooks/1/secret")).body);
  assert.equal([...discord.content].length, 2000);
  assert.deepEqual(discord.allowed_mentions, { parse: [] });
});

/** What a server may answer, and what that means. */
const ANSWERS: [Response, type: string, why: RegExp, afterMs?: number | null][] = [
  [new Response(null, { status: 204 }), "said", /^$/],
  [new Response("oh no", { status: 500 }), "failed", /^answered 500: oh no$/, null],
  [new Response("<html>Bad gateway</html>", { status: 502 }), "failed", /^answered 502$/, null],
  [new Response("", { status: 429, headers: { "retry-after": "7" } }), "failed", /^answered 429$/, 7000],
  [
    new Response("", { status: 503, headers: { "retry-after": new Date(NOW + 9000).toUTCString() } }),
    "failed",
    /503/,
    9000,
  ],
  [new Response("", { status: 429, headers: { "retry-after": "soon" } }), "failed", /429/, null],
  [new Response("", { status: 404 }), "failed", /^answered 404$/, null],
  [new Response("no such channel", { status: 400 }), "refused", /^answered 400: no such channel$/],
  [
    new Response("", { status: 302, headers: { location: "http://127.0.0.1:1/elsewhere" } }),
    "refused",
    /a redirect, and none is followed/,
  ],
  [new Response("x".repeat(10_000), { status: 500 }), "failed", /^answered 500: x{120}$/, null],
];

for (const [answer, type, why, afterMs] of ANSWERS) {
  Deno.test(`an answer of ${answer.status} ${answer.headers.get("retry-after") ?? ""} means: ${type}`, async () => {
    await using receiver = new Receiver(() => answer);
    const outcome = await send({ url: `${receiver.origin}/s3cr3t`, headers: {}, body: "{}" }, options);
    assert.equal(outcome.type, type);
    if (outcome.type !== "said") assert.match(outcome.why, why);
    if (outcome.type === "failed") assert.equal(outcome.afterMs, afterMs);
    assert.equal(receiver.asked.length, 1, "a redirect is not followed");
  });
}

Deno.test("an answer without end is read a little, and what hangs or is cut ends in time", async () => {
  const endless = () =>
    new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(4096)) });
  await using flood = new Receiver(() => new Response(endless(), { status: 500 }));
  const request = (origin: string) => ({ url: `${origin}/s3cr3t`, headers: {}, body: "{}" });
  assert.match(JSON.stringify(await send(request(flood.origin), options)), /answered 500/);

  await using silent = new Receiver((request) =>
    new Promise((resolve) => {
      request.signal.addEventListener("abort", () => resolve(new Response()));
    })
  );
  const stop = new AbortController();
  const waiting = send(request(silent.origin), { ...options, signal: stop.signal });
  stop.abort(new Error("the daemon ends"));
  await assert.rejects(waiting, /the daemon ends/);

  using cutter = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cut = (async () => {
    using connection = await cutter.accept();
    await connection.read(new Uint8Array(10));
  })();
  const outcome = await send(request(`http://127.0.0.1:${cutter.addr.port}`), options);
  await cut;
  assert.equal(outcome.type, "failed");
  assert.ok(!JSON.stringify(outcome).includes("s3cr3t"));
});

Deno.test("nobody there is said without the URL, which may be a secret", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const outcome = await send({ url: `http://127.0.0.1:${port}/s3cr3t`, headers: {}, body: "{}" }, options);
  assert.deepEqual(outcome, { type: "failed", why: "cannot be reached: connection refused", afterMs: null });
});

Deno.test("nothing is sent to this device or its link, however the address is written, unless the owner says so", async () => {
  await using receiver = new Receiver();
  const { port } = new URL(receiver.origin);
  const hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"];
  hosts.push("127.9.9.9", "169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]");
  for (const host of hosts) {
    const outcome = await send({ url: `http://${host}:${port}/`, headers: {}, body: "{}" }, {
      ...options,
      allowLocal: false,
    });
    assert.equal(outcome.type, "refused", host);
    assert.match(JSON.stringify(outcome), /allow_local = true would allow that/);
  }
  assert.deepEqual(receiver.asked, []);
});

Deno.test("a Retry-After is seconds or a date", () => {
  assert.deepEqual(["7", "0.5", "", "x"].map((text) => retryAfterMs(text, NOW)), [7000, 500, null, null]);
  assert.equal(retryAfterMs(null, NOW), null);
  assert.equal(retryAfterMs("Thu, 01 Jan 1970 00:00:00 GMT", NOW), 0);
});
