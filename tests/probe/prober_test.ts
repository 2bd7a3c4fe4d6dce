import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../src/clock.ts";
import type { Probe } from "../../src/model/workload.ts";
import { probeHttp } from "../../src/probe/http_probe.ts";
import { Prober } from "../../src/probe/prober.ts";
import { probeTcp } from "../../src/probe/tcp_probe.ts";
import { eventually } from "../support/eventually.ts";
import { docker, TIMING } from "../support/workload.ts";
import { instance } from "../reconciler/pipeline/model_device.ts";
import { start } from "../runtime/conformance.ts";
import { nativeDevice, nativeWorkload } from "../runtime/native/native_device.ts";

const soon = () => AbortSignal.timeout(60_000);

async function server(answer: (path: string) => Response | Promise<Response>) {
  const stop = new AbortController();
  const served = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, signal: stop.signal },
    (request) => answer(new URL(request.url).pathname),
  );
  return await Promise.resolve({
    port: served.addr.port,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await served.finished;
    },
  });
}

Deno.test("an http probe passes at 200 to 399 and follows nothing", async () => {
  await using here = await server((path) =>
    new Response("x", { status: Number(path.slice(1)), headers: { location: "/500" } })
  );
  for (const [status, ok] of [[200, true], [302, true], [404, false], [500, false]] as const) {
    const target = { host: "127.0.0.1", port: here.port, path: `/${status}`, headers: {} };
    assert.deepEqual(await probeHttp(target, soon()), { ok, output: `HTTP ${status}` });
  }
});

Deno.test("an http probe fails in time when nobody answers, and says so when nobody listens", async () => {
  const hang = Promise.withResolvers<Response>();
  await using here = await server(() => hang.promise);
  const target = { host: "127.0.0.1", port: here.port, path: "/", headers: {} };
  assert.deepEqual(await probeHttp(target, AbortSignal.timeout(50)), { ok: false, output: "no answer in time" });
  hang.resolve(new Response("late"));
  const { ok, output } = await probeHttp({ ...target, port: 1 }, soon());
  assert.equal(ok, false);
  assert.equal(output, "connection refused");
});

Deno.test("a tcp probe passes when a connection is accepted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  assert.deepEqual(await probeTcp({ host: "127.0.0.1", port }, soon()), { ok: true, output: "connected" });
  const refused = await probeTcp({ host: "127.0.0.1", port: 1 }, soon());
  assert.deepEqual([refused.ok, /refused/.test(refused.output)], [false, true]);
});

Deno.test("a prober keeps five results, tells of a changed verdict alone, and rests when closed", async () => {
  await using device = await nativeDevice();
  const flag = `${device.root}/bad`;
  const health: Probe = {
    type: "command",
    command: ["/bin/sh", "-c", `echo looked; [ ! -e ${flag} ]`],
    ...TIMING,
    intervalMs: 20,
    retries: 2,
  };
  const workload = nativeWorkload({ command: ["/bin/sleep", "1000"], health });
  const instance = await start(device.runtime, workload);
  const verdicts: string[] = [];
  const prober = new Prober({
    runtimes: new Map([["native", device.runtime]]),
    clock: systemClock,
    changed: () => verdicts.push(prober.health(instance.id)),
  });
  prober.set([{ instance, workload }]);
  await eventually("five results", () => prober.results(instance.id).length === 5);
  assert.deepEqual(verdicts, ["healthy"]);
  assert.equal(prober.results(instance.id)[0]?.output, "exit code 0: looked");
  await Deno.writeTextFile(flag, "");
  await eventually("it is unhealthy", () => prober.health(instance.id) === "unhealthy");
  assert.deepEqual(verdicts, ["healthy", "unhealthy"]);
  assert.equal(prober.results(instance.id).length, 5);
  prober.close();
  assert.equal(prober.health(instance.id), "unknown");
});

const NOW = Date.UTC(2026, 10, 21);

/** A clock on which a sleep takes no time; `set` sets the time of day. */
function hurriedClock(): Clock & { set(now: number): void } {
  let [offset, monotonic] = [NOW, 0];
  return {
    now: () => offset + monotonic,
    monotonic: () => monotonic,
    set: (now) => offset = now - monotonic,
    async sleep(ms, signal) {
      // A sleeping prober leaves the event loop to others.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      monotonic += ms;
    },
  };
}

/** Seconds until an instance that was started `ageMs` ago and listens nowhere is unhealthy; `during` runs at 5 s. */
async function unhealthyAfter(
  ageMs: number,
  during: (clock: ReturnType<typeof hurriedClock>) => void,
): Promise<number> {
  await using device = await nativeDevice();
  using closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr as Deno.NetAddr;
  closed.close();
  const workload = nativeWorkload({
    command: ["sleep"],
    health: { ...TIMING, type: "tcp", port: { type: "fixed", port } },
  });
  const clock = hurriedClock();
  const ended = Promise.withResolvers<number>();
  let isDone = false;
  const slow: Clock = {
    ...clock,
    async sleep(ms, signal) {
      await clock.sleep(ms, signal);
      if (isDone || clock.monotonic() < 5000) return;
      isDone = true;
      during(clock);
    },
  };
  const prober = new Prober({
    runtimes: new Map([["native", device.runtime]]),
    clock: slow,
    changed: () => ended.resolve(clock.monotonic() / 1000),
  });
  prober.set([{ instance: instance(workload, { id: "i", slot: 0, startedAt: NOW - ageMs }), workload }]);
  const seconds = await ended.promise;
  assert.equal(prober.health("i"), "unhealthy");
  prober.close();
  return seconds;
}

Deno.test("a start has its time by its own age, whatever the clock of the device is set to", async () => {
  for (
    const [ageMs, setTo, expected] of [
      [0, null, 30],
      [0, Date.UTC(2083, 0), 30],
      [0, Date.UTC(1970, 0), 30],
      // A daemon that finds it younger, of the age or older than a start may take.
      [5000, null, 25],
      [20_000, null, 20],
      [86_400_000, null, 20],
      // It was started by a clock that was ahead.
      [-86_400_000, null, 30],
    ] as const
  ) {
    const seconds = await unhealthyAfter(ageMs, (clock) => setTo !== null && clock.set(setTo));
    assert.ok(seconds >= expected - 0.1 && seconds <= expected + 1, `${ageMs} ${setTo}: ${seconds} s`);
  }
});

Deno.test("an image that Docker calls unhealthy too soon is unhealthy when its start grace is over", async () => {
  const workload = docker({ health: { ...TIMING, type: "image" } });
  const clock = hurriedClock();
  const ended = Promise.withResolvers<number>();
  const prober = new Prober({ runtimes: new Map(), clock, changed: () => ended.resolve(clock.monotonic()) });
  const started = instance(workload, { id: "i", slot: 0, startedAt: NOW, runtimeHealth: "starting" });
  prober.set([{ instance: started, workload }]);
  prober.set([{ instance: { ...started, runtimeHealth: "unhealthy" }, workload }]);
  assert.equal(prober.health("i"), "unknown");
  assert.equal(await ended.promise, 30_000);
  assert.equal(prober.health("i"), "unhealthy");
  prober.set([{ instance: { ...started, runtimeHealth: "healthy" }, workload }]);
  assert.deepEqual(prober.statuses().get("i"), { health: "healthy", since: NOW + 30_000, hasBeenHealthy: true });
  prober.close();
});
