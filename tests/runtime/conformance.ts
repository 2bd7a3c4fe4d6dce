/**
 * What every runtime promises, as one suite. A runtime's own test file says how to make one (`setup`), and runs this.
 */
import assert from "node:assert/strict";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Instance } from "../../src/model/instance.ts";
import type { Workload } from "../../src/model/workload.ts";
import type { LogLine, Runtime, Usage } from "../../src/runtime/runtime.ts";
import { eventually } from "../support/eventually.ts";
import { type Prerequisite, testNeeding } from "../support/prerequisite.ts";

export interface ConformanceHost extends AsyncDisposable {
  runtime: Runtime;
  /** A workload that runs this line with a POSIX shell as its main process. */
  shell(script: string, fields?: { name?: string; env?: Record<string, string> }): Workload;
  /** Another daemon over the same device: it must find what `runtime` left. The host closes it. */
  reopen(): Promise<Runtime>;
}

export interface ConformanceOptions {
  needs: Prerequisite[];
  setup(): Promise<ConformanceHost>;
}

const QUICK = { signal: "SIGTERM", timeoutMs: 5000 } as const;

export async function runtimeConformance(name: string, { needs, setup }: ConformanceOptions): Promise<void> {
  const test = (claim: string, run: (host: ConformanceHost) => Promise<void>) =>
    testNeeding(needs, `${name} ${claim}`, async () => {
      await using host = await setup();
      await run(host);
    });

  await test("observes nothing on an empty device", async ({ runtime }) => {
    assert.deepEqual(await instances(runtime), []);
  });

  await test("observes what it started, as it was asked to start it", async ({ runtime, shell }) => {
    const workload = shell("exec sleep 1000");
    const started = await start(runtime, workload, { slot: 2 });
    const [seen, ...others] = await instances(runtime);
    assert.equal(others.length, 0);
    assert.equal(seen?.id, started.id);
    assert.deepEqual(
      [seen?.workload, seen?.slot, seen?.state, seen?.fingerprint, seen?.exitCode],
      [workload.name, 2, "running", fingerprint(workload), null],
    );
    assert.ok(seen!.pid! > 1 && seen!.startedAt! > 1_600_000_000_000);
  });

  await test("tells the exit code of what ended by itself, and wakes", async ({ runtime, shell }) => {
    let woken = 0;
    runtime.watch(() => woken++);
    await start(runtime, shell("exit 7"));
    const ended = await eventually("it has ended", () => first(runtime, (instance) => instance.state === "exited"));
    assert.equal(ended.exitCode, 7);
    assert.equal(ended.pid, null);
    assert.ok(ended.endedAt! >= ended.startedAt!);
    await eventually("watch was called", () => woken > 0);
  });

  await test("stops by the signal it was given, and leaves the ended instance observable", async ({ runtime, shell }) => {
    const workload = shell("trap 'exit 3' INT; echo ready; while :; do sleep 0.1; done");
    const one = await start(runtime, workload);
    await ready(runtime, workload);
    await runtime.stop(one, { signal: "SIGINT", timeoutMs: 60_000 });
    const [ended] = await instances(runtime);
    assert.deepEqual([ended?.id, ended?.state, ended?.exitCode], [one.id, "exited", 3]);
  });

  await test("stops by each signal of signal(7), also a real-time one", async ({ runtime, shell }) => {
    for (const [signal, number] of [["SIGWINCH", 28], ["SIGRTMIN+3", 37], ["SIGRTMAX-1", 63]] as const) {
      const workload = shell(`trap 'exit 3' ${number}; echo ready; while :; do sleep 0.1; done`, {
        name: `signal-${number}`,
      });
      const one = await start(runtime, workload);
      await ready(runtime, workload);
      await runtime.stop(one, { signal, timeoutMs: 60_000 });
      const [ended] = await instances(runtime);
      assert.deepEqual([signal, ended?.state, ended?.exitCode], [signal, "exited", 3]);
      await runtime.remove(ended!);
    }
  });

  await test("stops by SIGTERM where nobody names a signal", async ({ runtime, shell }) => {
    const workload = shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done");
    const one = await start(runtime, workload);
    await ready(runtime, workload);
    await runtime.stop(one, { signal: null, timeoutMs: 60_000 });
    const [ended] = await instances(runtime);
    assert.deepEqual([ended?.state, ended?.exitCode], ["exited", 3]);
  });

  await test("sends a running instance a real-time signal", async ({ runtime, shell }) => {
    const workload = shell("trap 'exit 4' 35; echo ready; while :; do sleep 0.1; done");
    const one = await start(runtime, workload);
    await ready(runtime, workload);
    await runtime.signal(one, "SIGRTMIN+1");
    const ended = await eventually("it has ended", () => first(runtime, ({ state }) => state === "exited"));
    assert.equal(ended.exitCode, 4);
  });

  await test("kills what ignores its signal after the timeout", async ({ runtime, shell }) => {
    const workload = shell("trap '' TERM; echo ready; while :; do sleep 0.1; done");
    const one = await start(runtime, workload);
    await ready(runtime, workload);
    await runtime.stop(one, { signal: "SIGTERM", timeoutMs: 300 });
    const [ended] = await instances(runtime);
    assert.deepEqual([ended?.state, ended?.exitCode], ["exited", 137]);
  });

  await test("stops and removes twice without harm", async ({ runtime, shell }) => {
    const one = await start(runtime, shell("exec sleep 1000"));
    await runtime.stop(one, QUICK);
    await runtime.stop(one, QUICK);
    const [ended] = await instances(runtime);
    await runtime.remove(ended!);
    await runtime.remove(ended!);
    assert.deepEqual(await instances(runtime), []);
  });

  await test("starts the next instance of a slot in the place of the ended one", async ({ runtime, shell }) => {
    const workload = shell("exit 1");
    await start(runtime, workload);
    const previous = await eventually("it has ended", () => first(runtime, (instance) => instance.state === "exited"));
    const next = shell("exec sleep 1000");
    await start(runtime, next, { previous });
    const seen = await eventually("only the next one is there", async () => {
      const all = await instances(runtime);
      return all.length === 1 && all[0]?.state === "running" ? all[0] : null;
    });
    assert.equal(seen.fingerprint, fingerprint(next));
  });

  await test("is adopted by the next daemon: same id, pid and start, and the exit codes of meanwhile", async (host) => {
    const { runtime, shell } = host;
    const steady = await start(runtime, shell("exec sleep 1000", { name: "steady" }));
    const brief = await start(runtime, shell("exec sleep 1000", { name: "brief" }));
    const [before] = (await instances(runtime)).filter((instance) => instance.id === steady.id);
    await runtime.close();
    const next = await host.reopen();
    const [after] = (await instances(next)).filter((instance) => instance.id === steady.id);
    assert.deepEqual([after?.id, after?.pid, after?.state], [before?.id, before?.pid, "running"]);
    assert.equal(after?.startedAt, before?.startedAt);
    await next.stop(brief, { signal: "SIGKILL", timeoutMs: 5000 });
    const ended = await eventually(
      "the brief one has ended",
      () => first(next, (instance) => instance.id === brief.id && instance.state === "exited"),
    );
    assert.equal(ended.exitCode, 137);
  });

  await test("gives the output of a slot, from its end, and goes on with what comes", async ({ runtime, shell }) => {
    const workload = shell("for n in 1 2 3 4 5; do echo line $n; done; while :; do echo more; sleep 0.1; done");
    await start(runtime, workload);
    const seen = await eventually("five lines are there", async () => {
      const lines = await Array.fromAsync(runtime.logs(workload.name, { tail: 100, follow: false }));
      return lines.length >= 5 && lines;
    });
    assert.deepEqual(seen.slice(0, 5).map((line) => line.text), [1, 2, 3, 4, 5].map((n) => `line ${n}`));
    const stop = new AbortController();
    const followed: LogLine[] = [];
    for await (const line of runtime.logs(workload.name, { tail: 0, follow: true, signal: stop.signal })) {
      followed.push(line);
      if (followed.length === 3) stop.abort();
    }
    assert.ok(followed.length >= 3);
    for (const { text } of followed) assert.equal(text, "more");
  });

  await test("tells what an instance uses, adopted or not, and nothing of an ended one", async (host) => {
    const { runtime, shell } = host;
    const one = await start(runtime, shell("while :; do :; done"));
    const first = await usageOf(runtime, one);
    assert.ok(first.memoryBytes! > 10_000 && first.memoryBytes! < 50_000_000, `${first.memoryBytes} bytes`);
    await eventually(
      "200 ms of CPU time are used",
      async () => (await usageOf(runtime, one)).cpuMs > first.cpuMs + 200,
    );
    await runtime.close();
    const next = await host.reopen();
    const before = await usageOf(next, one);
    assert.ok(before.cpuMs > first.cpuMs + 200, "an adopted instance keeps its time");
    await eventually("100 ms more are used", async () => (await usageOf(next, one)).cpuMs > before.cpuMs + 100);
    await next.stop(one, QUICK);
    assert.equal(await next.usage(one), null);
  });

  await test("counts memory that the instance holds", async ({ runtime, shell }) => {
    // tail keeps the last line, which here is all there is.
    const one = await start(runtime, shell("{ head -c 50000000 /dev/zero; sleep 1000; } | tail -n 1"));
    await eventually("50 MB are held", async () => {
      const { memoryBytes } = await usageOf(runtime, one);
      if (memoryBytes! > 49_000_000) return true;
      throw new Error(`${memoryBytes} bytes`);
    });
    assert.ok((await usageOf(runtime, one)).memoryBytes! < 200_000_000);
  });

  await test("gives the environment to the program, and to commands beside it", async ({ runtime, shell }) => {
    const workload = shell("exec sleep 1000", { env: { GREETING: "good morning" } });
    const one = await start(runtime, workload);
    const command = ["/bin/sh", "-c", 'echo "$GREETING"; exit 4'];
    const { exitCode, output } = await runtime.execute(one, workload, command, AbortSignal.timeout(60_000));
    assert.deepEqual([exitCode, output.trim()], [4, "good morning"]);
  });

  await test("gives up a command beside it when it is told to", async ({ runtime, shell }) => {
    const workload = shell("exec sleep 1000");
    const one = await start(runtime, workload);
    const command = ["/bin/sh", "-c", "sleep 1000"];
    const stop = new AbortController();
    const running = runtime.execute(one, workload, command, stop.signal).then(
      ({ exitCode }) => exitCode,
      () => "given up",
    );
    stop.abort(new Error("given up"));
    assert.notEqual(await running, 0);
  });
}

export async function instances(runtime: Runtime): Promise<Instance[]> {
  const observation = await runtime.observe();
  if (!observation.ok) throw new Error(observation.message);
  return observation.instances;
}

export async function first(runtime: Runtime, claim: (instance: Instance) => boolean): Promise<Instance | undefined> {
  return (await instances(runtime)).find(claim);
}

export async function start(
  runtime: Runtime,
  workload: Workload,
  { slot = 0, previous = null, filesDir = null, assignedPorts = [] }: {
    slot?: number;
    previous?: Instance | null;
    filesDir?: string | null;
    assignedPorts?: number[];
  } = {},
): Promise<Instance> {
  return await runtime.start({
    workload,
    slot,
    fingerprint: fingerprint(workload),
    filesDir,
    assignedPorts,
    previous,
  });
}

async function usageOf(runtime: Runtime, instance: Instance): Promise<Usage> {
  return await eventually("its use is told", () => runtime.usage(instance));
}

/** Waits until the shell has set its traps and says so: on a busy machine it takes a moment. */
async function ready(runtime: Runtime, workload: Workload): Promise<void> {
  await eventually("the shell is ready", async () => {
    const lines = await Array.fromAsync(runtime.logs(workload.name, { tail: 1, follow: false }));
    return lines[0]?.text === "ready";
  });
}
