import assert from "node:assert/strict";
import type { UsageSeries } from "../../src/model/usage.ts";
import { eventually } from "../support/eventually.ts";
import { workload } from "../support/snapshots.ts";
import { AppOnPaper } from "./test_app.ts";

Deno.test("the app has GET routes and one POST, the webhook", () => {
  const routes = new AppOnPaper().app.routes.filter((route) => route.method !== "ALL");
  assert.deepEqual(routes.filter((route) => route.method !== "GET").map((route) => `${route.method} ${route.path}`), [
    "POST /webhook",
  ]);
});

Deno.test("the app answers other methods with 405 and what is allowed, and changes nothing", async () => {
  const paper = new AppOnPaper();
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const answer = await paper.get("/api/v1/status", { method });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get("allow"), "GET, HEAD");
    await answer.body?.cancel();
  }
  assert.equal((await paper.get("/webhook")).status, 405);
  assert.equal((await paper.get("/", { method: "HEAD" })).status, 200);
});

Deno.test("status is the snapshot itself, a workload is its part of it", async () => {
  const paper = new AppOnPaper();
  assert.deepEqual(await (await paper.get("/api/v1/status")).json(), paper.snapshot);
  assert.deepEqual(await (await paper.get("/api/v1/workloads/camera")).json(), paper.snapshot.workloads[0]);
});

Deno.test("what is not there is a problem with a sentence", async () => {
  const paper = new AppOnPaper();
  for (
    const path of [
      "/api/v1/workloads/nobody",
      "/api/v1/workloads/nobody/logs",
      "/api/v1/workloads/nobody/usage",
      "/api/v2/status",
    ]
  ) {
    const answer = await paper.get(path);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.match((await answer.json()).detail, /^there is no/);
  }
  assert.equal((await paper.get("/nowhere")).status, 404);
  assert.equal((await paper.get("/workloads/nobody")).status, 404);
});

Deno.test("use is a series for each slot, and the page draws it without a style or a script of its own", async () => {
  const paper = new AppOnPaper();
  const answer = await paper.get("/api/v1/workloads/camera/usage");
  const { interval_s, instances } = await answer.json() as UsageSeries;
  assert.equal(interval_s, 5);
  assert.deepEqual(instances.map((instance) => [instance.slot, instance.at.length, instance.cpu_percent.length]), [[
    0,
    121,
    121,
  ]]);
  const html = await (await paper.get("/workloads/camera")).text();
  assert.match(html, /<svg [^>]*role="img" aria-label="Memory over the last 10 minutes: now 31 MB, between/);
  assert.doesNotMatch(html, / style=|<style|<script(?! src="\/ui\/live.js")/);
});

Deno.test("logs are lines of text, or events for who accepts them, and tail is checked", async () => {
  const paper = new AppOnPaper();
  assert.equal(await (await paper.get("/api/v1/workloads/camera/logs?tail=2")).text(), "two\nthree\n");
  for (const tail of ["-1", "x", "1.5", "10001", ""]) {
    const answer = await paper.get(`/api/v1/workloads/camera/logs?tail=${tail}`);
    assert.equal(answer.status, 400, tail);
    assert.match((await answer.json()).detail, /^tail is ".*", wanted 0 to 10000$/);
  }
  const path = "/api/v1/workloads/camera/logs?tail=1&follow=1";
  assert.equal(await (await paper.get(path)).text(), "three\n");
  const events = await paper.get(path, { headers: { accept: "text/event-stream" } });
  assert.equal(events.headers.get("content-type"), "text/event-stream");
  assert.equal(await events.text(), 'event: line\ndata: {"slot":0,"stream":null,"text":"three"}\n\n');
});

Deno.test("logs since a time are all of them, unless tail says how many", async () => {
  const paper = new AppOnPaper();
  const asked = async (query: string) => {
    await (await paper.get(`/api/v1/workloads/camera/logs?${query}`)).text();
    return paper.asked;
  };
  assert.deepEqual(await asked(""), { tail: 100, since: null, follow: false });
  const since = Date.parse("2026-11-21T07:00:00Z");
  assert.deepEqual(await asked("since=2026-11-21T07:00:00Z"), { tail: null, since, follow: false });
  assert.deepEqual(await asked("since=2026-11-21T07:00:00Z&tail=5"), { tail: 5, since, follow: false });
  const { since: ago } = await asked("since=10m") ?? {};
  assert.ok(Math.abs(Date.now() - 600_000 - ago!) < 10_000);
  const answer = await paper.get("/api/v1/workloads/camera/logs?since=yesterday");
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).detail, 'since is "yesterday", wanted "10m" or "2026-11-21T07:00:00Z"');
});

Deno.test("logs wait for a slow reader, and end with one that leaves", async () => {
  const paper = new AppOnPaper();
  paper.endless = true;
  const answer = await paper.get("/api/v1/workloads/camera/logs?follow");
  const reader = answer.body!.getReader();
  await reader.read();
  const given = await eventually("nothing more is asked for", async () => {
    const before = paper.lines;
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    return paper.lines === before && before;
  });
  assert.ok(given < 20_000, `${given} lines wait`);
  await reader.read();
  await eventually("more is asked for", () => paper.lines > given);
  await reader.cancel();
  await eventually("its end is known", () => !paper.endless);
});

Deno.test("every answer forbids scripts, frames and requests of others, and sniffing", async () => {
  const paper = new AppOnPaper();
  for (const path of ["/", "/workloads/camera", "/api/v1/status", "/ui/style.css", "/healthz", "/nowhere"]) {
    const answer = await paper.get(path);
    await answer.body?.cancel();
    assert.match(answer.headers.get("content-security-policy") ?? "", /default-src 'none'.*form-action 'none'/, path);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(answer.headers.get("referrer-policy"), "no-referrer", path);
  }
  const style = await paper.get("/ui/style.css");
  const again = await paper.get("/ui/style.css", { headers: { "if-none-match": style.headers.get("etag")! } });
  assert.equal(again.status, 304);
});

Deno.test("the page shows hostile words as words", async () => {
  const paper = new AppOnPaper();
  const evil = `<script>alert(1)</script>"'&`;
  paper.snapshot.workloads = [workload("web", { description: evil, message: evil, ports: [evil] })];
  paper.snapshot.source.subject = evil;
  for (const path of ["/", "/workloads/web"]) {
    const html = await (await paper.get(path)).text();
    assert.ok(html.includes("&lt;script&gt;alert(1)&lt;/script&gt;"), path);
    assert.ok(!html.includes("<script>alert"), path);
  }
});

Deno.test("the page shows what secrets are encrypted to, where the device has an identity", async () => {
  const paper = new AppOnPaper();
  const page = async () => await (await paper.app.request("/")).text();
  assert.doesNotMatch(await page(), /Secrets for it/);
  paper.snapshot.device.recipient = "age1qqqq";
  assert.match(await page(), /Secrets for it are encrypted to <code>age1qqqq<\/code>/);
});

Deno.test("readyz says what is missing until the first revision is here", async () => {
  const paper = new AppOnPaper();
  assert.equal((await paper.get("/readyz")).status, 200);
  paper.isReady = false;
  const answer = await paper.get("/readyz");
  assert.deepEqual([answer.status, await answer.text()], [503, "the first revision is not here yet\n"]);
  assert.equal((await paper.get("/healthz")).status, 200);
});

Deno.test("events give the status at once and after a change, and end with the reader", async () => {
  const paper = new AppOnPaper();
  const answer = await paper.get("/api/v1/events");
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value!, /^event: status\ndata: \{"device":\{"name":"pi-kitchen"/);
  paper.snapshot.device.name = "renamed";
  for (let change = 0; change < 20; change++) for (const listener of paper.listeners) listener();
  assert.match((await reader.read()).value!, /"name":"renamed"/);
  await reader.cancel();
  assert.equal(paper.listeners.size, 0);
});

Deno.test("events are for 64 readers at once, and a place is free again when one leaves", async () => {
  const paper = new AppOnPaper();
  const open = await Promise.all(Array.from({ length: 64 }, () => paper.get("/api/v1/events")));
  assert.equal((await paper.get("/api/v1/events")).status, 503);
  await open[0]!.body!.cancel();
  const late = await paper.get("/api/v1/events");
  assert.equal(late.status, 200);
  for (const response of [...open.slice(1), late]) await response.body!.cancel();
});
