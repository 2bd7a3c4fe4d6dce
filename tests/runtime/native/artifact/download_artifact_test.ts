import assert from "node:assert/strict";
import { join } from "node:path";
import { refusingDisk } from "../../../support/refusing_disk.ts";
import { content, givenStore, hurriedClock } from "./given_store.ts";

const MB = 1_000_000;

Deno.test("a download is a folder with the file, executable and written by nobody, and is asked for once", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app-1.2", content(MB), { name: "app" });
  const directory = await given.ensure(artifact);
  assert.deepEqual(await Deno.readFile(join(directory, "app")), content(MB));
  assert.equal((await Deno.stat(join(directory, "app"))).mode! & 0o7777, 0o555);
  assert.equal(await given.ensure(artifact), directory);
  assert.equal(await given.store.folder(artifact), directory);
  assert.equal(given.server.requests.length, 1);
  assert.deepEqual(await given.names(), [`${artifact.sha256}-plain-app`]);
  assert.deepEqual(given.said.slice(0, 1), ["downloading app-1.2"]);
});

Deno.test("two workloads that want one artifact at once share its download", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(MB));
  const [one, two] = await Promise.all([given.ensure(artifact), given.ensure(artifact)]);
  assert.equal(one, two);
  assert.equal(given.server.requests.length, 1);
  assert.ok(given.said.includes("waiting for app, which is on its way already"));
});

Deno.test("one of two that gives up waiting leaves the download to the other", async () => {
  await using given = await givenStore({ clock: hurriedClock });
  const artifact = given.server.put("app", content(MB));
  given.server.faults.push({ type: "hang", after: 100_000 });
  const first = given.failure(artifact);
  const impatient = new AbortController();
  const second = given.ensure(artifact, impatient.signal);
  impatient.abort(new Error("enough"));
  await assert.rejects(second, /enough/);
  assert.equal((await first).reason, "artifact_unreachable");
  assert.equal(given.server.requests.length, 1);
});

Deno.test("a download that is cut goes on from where it was, at once", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(MB));
  given.server.faults.push({ type: "cut", after: 400_000 }, { type: "cut", after: 300_000 });
  const directory = await given.ensure(artifact);
  assert.deepEqual(await Deno.readFile(join(directory, "app")), content(MB));
  const [first, second, third] = given.server.requests;
  assert.equal(first?.range, null);
  assert.match(second!.range!, /^bytes=[1-9]\d*-$/);
  assert.equal(second?.ifRange, '"one"');
  assert.ok(Number(third!.range!.slice(6, -1)) > Number(second!.range!.slice(6, -1)));
});

Deno.test("a download that is cut again and again has failed, and what is there stays for the next", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(MB));
  given.server.faults.push(...[400_000, 1, 1, 1, 1, 1].map((after) => ({ type: "cut" as const, after })));
  const failure = await given.failure(artifact);
  assert.deepEqual([failure.reason, failure.kind], ["artifact_unreachable", "transient"]);
  given.server.faults.length = 0;
  assert.match(failure.message, /^the download of app broke off at 0\.\d of 1\.0 MB: /);
  const { size } = await Deno.stat(join(given.dir, `${artifact.sha256}.part`));
  assert.ok(size > 0);
  await given.ensure(artifact);
  assert.equal(given.server.requests.at(-1)?.range, `bytes=${size}-`);
});

Deno.test("a server without ranges sends everything again, and the result is right", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(MB));
  given.server.faults.push({ type: "cut", after: 400_000 }, { type: "no-ranges" });
  const directory = await given.ensure(artifact);
  assert.deepEqual(await Deno.readFile(join(directory, "app")), content(MB));
});

Deno.test("a file that was replaced between two pieces is downloaded anew, with an ETag and without", async () => {
  for (const etag of ['"one"', null]) {
    await using given = await givenStore();
    const artifact = given.server.put("app", content(MB));
    given.server.etag = etag;
    await Deno.mkdir(given.dir);
    await Deno.writeFile(join(given.dir, `${artifact.sha256}.part`), new Uint8Array(1000));
    const directory = await given.ensure(artifact);
    assert.deepEqual(await Deno.readFile(join(directory, "app")), content(MB));
    assert.deepEqual(given.server.requests.map((request) => request.range), ["bytes=1000-", null]);
  }
});

Deno.test("what an earlier attempt left is used when it is whole, and thrown away when it is too long", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(MB));
  await Deno.mkdir(given.dir);
  await Deno.writeFile(join(given.dir, `${artifact.sha256}.part`), content(MB));
  await given.ensure(artifact);
  assert.equal(given.server.requests.length, 0);

  const other = given.server.put("other", content(1000));
  await Deno.writeFile(join(given.dir, `${other.sha256}.part`), content(2000));
  const directory = await given.ensure(other);
  assert.deepEqual(await Deno.readFile(join(directory, "other")), content(1000));
});

Deno.test("a wrong digest says both, keeps nothing, and is asked for anew by the next try", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(1000));
  given.server.faults.push({ type: "lie" });
  const failure = await given.failure(artifact);
  assert.equal(failure.reason, "checksum_mismatch");
  assert.deepEqual([failure.kind, failure.retryAfterMs], ["mistake", 3_600_000]);
  assert.match(failure.message, /^app has the digest [0-9a-f]{12}, and the manifest says [0-9a-f]{12}$/);
  assert.ok(failure.message.endsWith(artifact.sha256.slice(0, 12)));
  assert.equal((await Deno.stat(join(given.dir, `${artifact.sha256}.part`)).catch(() => ({ size: 0 }))).size, 0);
  assert.equal(await given.store.folder(artifact), null);
  await given.ensure(artifact);
});

Deno.test("every refusal of a server is a sentence with a kind that says whether to try again", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(10), {});
  const secret = { ...artifact, url: `${artifact.url}?token=hunter2` };
  for (
    const [status, kind] of [[404, "mistake"], [410, "mistake"], [401, "refused"], [403, "refused"], [
      500,
      "transient",
    ]] as const
  ) {
    given.server.faults.push({ type: "status", status });
    const failure = await given.failure(secret);
    assert.deepEqual([failure.reason, failure.kind], ["artifact_unreachable", kind]);
    assert.match(failure.message, new RegExp(`\\b${status}\\b`));
    assert.doesNotMatch(failure.message, /hunter2|\.$/);
  }
  given.server.faults.push({ type: "status", status: 429, headers: { "retry-after": "7" } });
  assert.equal((await given.failure(secret)).retryAfterMs, 7000);
});

Deno.test("a server that is not there is named, with the cause and without what could be a secret", async () => {
  await using given = await givenStore();
  const port = Number(new URL(given.server.url).port);
  const artifact = { ...given.server.put("app", content(10)), url: `http://127.0.0.1:${port}/app?token=hunter2` };
  await given.server[Symbol.asyncDispose]();
  const failure = await given.failure(artifact);
  assert.equal(failure.message, `cannot reach "127.0.0.1:${port}" for app: Connection refused`);
  assert.deepEqual([failure.reason, failure.kind], ["artifact_unreachable", "transient"]);
});

Deno.test("a server that hangs is left after half a minute, and what it sent stays", async () => {
  await using given = await givenStore({ clock: hurriedClock });
  const artifact = given.server.put("app", content(MB));
  given.server.faults.push({ type: "hang", after: 200_000 });
  const failure = await given.failure(artifact);
  assert.equal(failure.reason, "artifact_unreachable");
  assert.match(failure.message, /has sent nothing for 30 seconds, and 0\.2 of 1\.0 MB of app are here$/);
  await given.ensure(artifact);
  assert.equal(given.server.requests.at(-1)?.range, "bytes=200000-");
});

Deno.test("a stop of the daemon ends a download at once, with its own reason", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(MB));
  given.server.faults.push({ type: "hang", after: 200_000 });
  const stop = new AbortController();
  const running = given.ensure(artifact, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(running, /^Error: stopped$/);
});

Deno.test("redirects are followed to the end, and not for ever", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(10));
  given.server.faults.push({ type: "redirect", to: "/elsewhere" }, { type: "redirect", to: artifact.url });
  await given.ensure(artifact);
  assert.deepEqual(given.server.requests.map((request) => request.path), ["/app", "/elsewhere", "/app"]);

  const other = given.server.put("other", content(11));
  given.server.faults.push(...Array.from({ length: 6 }, () => ({ type: "redirect" as const, to: "/other" })));
  assert.match((await given.failure(other)).message, /redirects more than 5 times$/);
  given.server.faults.push({ type: "redirect", to: "ftp://example.org/x" });
  assert.match((await given.failure(other)).message, /redirects to ftp, where anybody may read and change it$/);
  given.server.faults.push({ type: "redirect", to: "http://0xa9fea9fe/latest/meta-data" });
  const inwards = await given.failure(other);
  assert.match(inwards.message, /redirects to "169\.254\.169\.254", which only this machine's own link knows$/);
  assert.equal(inwards.reason, "policy_denied");
});

Deno.test("a disk that would have too little left is not written to", async () => {
  await using given = await givenStore({ diskReserveBytes: Number.MAX_SAFE_INTEGER });
  const artifact = given.server.put("app", content(MB));
  const failure = await given.failure(artifact);
  assert.deepEqual([failure.reason, failure.kind], ["insufficient_disk", "refused"]);
  assert.match(failure.message, /^app needs 1\.0 MB, and the disk has [\d.]+ MB free, of which [\d.]+ MB are kept$/);
  assert.equal((await Deno.stat(join(given.dir, `${artifact.sha256}.part`))).size, 0);
});

Deno.test("a download that says it is over 4 GiB is not begun", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(MB));
  given.server.faults.push({ type: "length", bytes: 5 * 1024 ** 3 });
  const failure = await given.failure(artifact);
  assert.equal(failure.reason, "artifact_invalid");
  assert.equal(failure.message, "app is over 4295.0 MB");
});

for (
  const [code, reason, kind, message] of [
    ["ENOSPC", "insufficient_disk", "refused", /^the disk is full, and app is not here whole$/],
    ["EDQUOT", "disk_full", "waiting", /^the disk has no quota left, and app is not here whole$/],
    ["EROFS", "disk_read_only", "waiting", /^the disk is read-only, and app is not here whole$/],
    ["EIO", "disk_failed", "waiting", /^the disk does not work .*, and app is not here whole$/],
  ] as const
) {
  Deno.test(`a download onto a disk that refuses (${code}) says so, and is whole once it does not`, async () => {
    await using given = await givenStore();
    using disk = refusingDisk(given.dir);
    const artifact = given.server.put("app", content(MB));
    disk.refuse(code);
    const failure = await given.failure(artifact);
    assert.deepEqual([failure.reason, failure.kind], [reason, kind]);
    assert.match(failure.message, message);
    // What nothing needs cannot be removed either, and that is no reason to end anything.
    await given.store.keep([]);
    disk.heal();
    assert.deepEqual(await Deno.readFile(join(await given.ensure(artifact), "app")), content(MB));
    disk.refuse(code);
    await given.store.keep([]);
    assert.equal((await given.names()).length, 1);
    disk.heal();
    await given.store.keep([]);
    assert.deepEqual(await given.names(), []);
  });
}
