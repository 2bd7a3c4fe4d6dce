import assert from "node:assert/strict";
import type { Job, NativeWorkload } from "../../src/model/workload.ts";
import { plan } from "../../src/plan/plan.ts";
import { lastDue, nextDue } from "../../src/plan/schedule.ts";
import { native, NEVER, ON_FAILURE } from "../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { ModelDevice } from "./model_device.ts";

const ONCE: Job = { schedule: null, timezone: null, overlap: "skip", missed: "once", timeoutMs: null };
const MINUTELY: Job = { ...ONCE, schedule: "* * * * *" };
const MINUTE = 60_000;
const job = (fields: Partial<NativeWorkload> = {}) => native({ name: "job", restart: NEVER, job: ONCE, ...fields });

/** One turn: plans, writes down what is to be remembered, performs; returns what was done. */
function turn(device: ModelDevice, spec: NativeWorkload): string {
  const made = plan(device.input(desired([spec])));
  for (const [name, memory] of made.jobs) device.memory.set(name, { ...device.memoryOf(name), job: memory });
  for (const action of made.actions) device.perform(action);
  return made.actions.map((action) => action.type).filter((type) => type !== "prepare").join(" ");
}

function end(device: ModelDevice, exitCode: number): void {
  const one = device.instances.find((instance) => instance.state === "running")!;
  Object.assign(one, { state: "exited", pid: null, exitCode, endedAt: device.now });
}

const outcomes = (device: ModelDevice) => device.memory.get("job")?.job?.runs.map((run) => run.outcome) ?? [];

Deno.test("a job without a schedule runs once, and again when it changes", () => {
  const device = new ModelDevice();
  assert.equal(turn(device, job()), "start");
  assert.equal(turn(device, job()), "");
  end(device, 0);
  assert.equal(turn(device, job()), "");
  assert.deepEqual(outcomes(device), ["succeeded"]);
  device.instances = [];
  assert.equal(turn(device, job()), "", "it ran again after a reboot");
  assert.equal(turn(device, job({ env: { V: "2" } })), "start");
});

Deno.test("a job that failed is tried again as its restart policy says", () => {
  const device = new ModelDevice();
  const spec = job({ restart: ON_FAILURE });
  turn(device, spec);
  end(device, 1);
  assert.equal(turn(device, spec), "start");
  end(device, 1);
  assert.equal(turn(device, spec), "", "the second one waits");
  device.now += 2000;
  assert.equal(turn(device, spec), "start");
  end(device, 0);
  turn(device, spec);
  assert.deepEqual(outcomes(device), ["failed", "failed", "succeeded"]);
});

Deno.test("a job whose memory is lost is known by its instance, and does not run again", () => {
  const device = new ModelDevice();
  turn(device, job());
  end(device, 0);
  turn(device, job());
  device.memory.clear();
  assert.equal(turn(device, job()), "");
  assert.deepEqual(outcomes(device), ["succeeded"]);
  device.memory.clear();
  assert.equal(turn(device, job({ env: { V: "2" } })), "start", "it has changed meanwhile");
});

Deno.test("a run whose start was not written down any more is known by its instance", () => {
  const device = new ModelDevice();
  const spec = job({ job: MINUTELY });
  turn(device, spec);
  const before = device.memoryOf("job");
  device.now += MINUTE;
  assert.equal(turn(device, spec), "start");
  device.memory.set("job", before);
  assert.equal(turn(device, spec), "");
  end(device, 0);
  assert.equal(turn(device, spec), "", "it ran a second time");
  assert.deepEqual(outcomes(device), ["succeeded"]);
});

Deno.test("runs that were skipped push neither the one under way nor those before it out of the history", () => {
  const device = new ModelDevice();
  const spec = job({ job: MINUTELY });
  turn(device, spec);
  device.now += MINUTE;
  turn(device, spec);
  end(device, 0);
  device.now += MINUTE;
  assert.equal(turn(device, spec), "start");
  for (let minute = 0; minute < 40; minute++) {
    device.now += MINUTE;
    assert.equal(turn(device, spec), "");
  }
  assert.deepEqual([outcomes(device).length, outcomes(device).slice(0, 2)], [20, ["succeeded", "running"]]);
});

Deno.test("a run that was cut by a reboot has failed, and is not counted as running for ever", () => {
  const device = new ModelDevice();
  turn(device, job());
  device.instances = [];
  turn(device, job());
  assert.deepEqual(outcomes(device), ["failed"]);
});

Deno.test("a scheduled job begins with its next time, and runs each time once", () => {
  const device = new ModelDevice();
  device.now = 10 * MINUTE + 5000;
  const spec = job({ job: MINUTELY });
  assert.equal(turn(device, spec), "");
  for (let minute = 11; minute < 14; minute++) {
    device.now = minute * MINUTE + 10;
    assert.equal(turn(device, spec), "start");
    end(device, 0);
    assert.equal(turn(device, spec), "");
  }
  assert.deepEqual(device.memory.get("job")?.job?.runs.map((run) => run.dueAt / MINUTE), [11, 12, 13]);
});

Deno.test("runs that were missed while nobody was there follow once, or not at all, as written", () => {
  for (const [missed, done, runs] of [["once", "start", ["running"]], ["skip", "", ["skipped"]]] as const) {
    const device = new ModelDevice();
    device.now = 10 * MINUTE;
    const spec = job({ job: { ...MINUTELY, missed } });
    turn(device, spec);
    device.now = 20 * MINUTE + 1;
    device.since = 20 * MINUTE + 1;
    assert.equal(turn(device, spec), done);
    assert.deepEqual(outcomes(device), runs);
    assert.equal(turn(device, spec), "");
  }
});

Deno.test("a run that is due while the one before still runs is skipped, or takes its place", () => {
  for (const [overlap, done] of [["skip", ""], ["replace", "stop start"]] as const) {
    const device = new ModelDevice();
    device.now = 10 * MINUTE;
    const spec = job({ job: { ...MINUTELY, overlap } });
    turn(device, spec);
    device.now = 11 * MINUTE;
    assert.equal(turn(device, spec), "start");
    device.now = 12 * MINUTE;
    assert.equal(turn(device, spec), done);
    turn(device, spec);
    assert.equal(device.instances.filter((one) => one.state === "running").length, 1);
  }
});

Deno.test("a run whose place was taken has ended, also where its successor is the same container", () => {
  const device = new ModelDevice();
  const spec = job({ job: { ...MINUTELY, overlap: "replace" } });
  turn(device, spec);
  device.now += MINUTE;
  turn(device, spec);
  const { id } = device.instances[0]!;
  device.now += MINUTE;
  turn(device, spec);
  Object.assign(device.instances[0]!, { id });
  const { runs, seenUntil } = device.memoryOf("job").job!;
  const same = runs.map((run) => ({ ...run, instanceId: id }));
  device.memory.set("job", { ...device.memoryOf("job"), job: { seenUntil, runs: same } });
  turn(device, spec);
  assert.deepEqual(outcomes(device), ["failed", "running"]);
});

Deno.test("a run that takes too long is stopped, and that is its outcome", () => {
  const device = new ModelDevice();
  const spec = job({ job: { ...ONCE, timeoutMs: 5000 } });
  turn(device, spec);
  device.now += 4000;
  assert.equal(turn(device, spec), "");
  device.now += 1500;
  assert.equal(turn(device, spec), "stop");
  turn(device, spec);
  assert.deepEqual(outcomes(device), ["timeout"]);
});

Deno.test("a schedule is read in its time zone, over a change of the clocks too", () => {
  const berlin: Job = { ...ONCE, schedule: "30 3 * * *", timezone: "Europe/Berlin" };
  const winter = Date.parse("2026-03-28T12:00:00Z");
  const next = nextDue(berlin, winter)!;
  assert.equal(new Date(next).toISOString(), "2026-03-29T01:30:00.000Z");
  assert.equal(nextDue(ONCE, winter), null);
});

Deno.test("the last of many times is found, and none before", () => {
  assert.equal(lastDue(MINUTELY, { after: 0, until: 5 * MINUTE + 1 }), 5 * MINUTE);
  assert.equal(lastDue(MINUTELY, { after: 5 * MINUTE, until: 6 * MINUTE - 1 }), null);
  const years = lastDue({ ...ONCE, schedule: "* * * * * *" }, { after: 0, until: 1e12 });
  assert.ok(years !== null && years <= 1e12);
});
