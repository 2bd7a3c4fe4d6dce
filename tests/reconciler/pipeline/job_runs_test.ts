import assert from "node:assert/strict";
import type { Job, NativeWorkload } from "../../../src/model/workload.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import { withStop } from "../../../src/reconciler/pipeline/job_runs.ts";
import { lastDue, nextDue } from "../../../src/reconciler/pipeline/next_run.ts";
import { native, NEVER, ON_FAILURE } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { ModelDevice } from "./model_device.ts";

const ONCE: Job = { schedule: null, timezone: null, overlap: "skip", missed: "once", timeoutMs: null };
const MINUTELY: Job = { ...ONCE, schedule: "* * * * *" };
const MINUTE = 60_000;
const job = (fields: Partial<NativeWorkload> = {}) => native({ name: "job", restart: NEVER, job: ONCE, ...fields });

/** One turn: plans, writes down what is to be remembered, performs; returns what was done. */
function turn(device: ModelDevice, spec: NativeWorkload): string {
  const made = plan(device.input(desired([spec])));
  for (const [name, memory] of made.plannedStates) device.states.set(name, { ...device.memoryOf(name), ...memory });
  for (const action of made.actions) device.perform(action);
  return made.actions.map((action) => action.type).filter((type) => type !== "prepare").join(" ");
}

function end(device: ModelDevice, exitCode: number): void {
  const one = device.instances.find((instance) => instance.state === "running")!;
  Object.assign(one, { state: "exited", pid: null, exitCode, endedAt: device.now });
}

const outcomes = (device: ModelDevice) => device.states.get("job")?.job?.runs.map((run) => run.outcome) ?? [];

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
  device.states.clear();
  assert.equal(turn(device, job()), "");
  assert.deepEqual(outcomes(device), ["succeeded"]);
  device.states.clear();
  assert.equal(turn(device, job({ env: { V: "2" } })), "start", "it has changed meanwhile");
});

Deno.test("a run whose start was not written down any more is known by its instance", () => {
  const device = new ModelDevice();
  const spec = job({ job: MINUTELY });
  turn(device, spec);
  const before = device.memoryOf("job");
  device.now += MINUTE;
  assert.equal(turn(device, spec), "start");
  device.states.set("job", before);
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
  assert.deepEqual(device.states.get("job")?.job?.runs.map((run) => run.dueAt / MINUTE), [11, 12, 13]);
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

Deno.test("a run that is due while the one before still runs is skipped", () => {
  const device = new ModelDevice();
  const spec = job({ job: MINUTELY });
  device.now = 10 * MINUTE;
  turn(device, spec);
  device.now = 11 * MINUTE;
  assert.equal(turn(device, spec), "start");
  device.now = 12 * MINUTE;
  assert.equal(turn(device, spec), "");
  assert.deepEqual(outcomes(device), ["running", "skipped"]);
});

/** A device on which a run is under way and the next one is due. */
function overlapping(spec: NativeWorkload): ModelDevice {
  const device = new ModelDevice();
  device.now = 10 * MINUTE;
  turn(device, spec);
  device.now = 11 * MINUTE;
  assert.equal(turn(device, spec), "start");
  device.now = 12 * MINUTE;
  return device;
}

const REPLACED = job({ job: { ...MINUTELY, overlap: "replace" } });

Deno.test("a run whose place is taken ends as replaced, with the exit code that its stop gave", () => {
  const device = overlapping(REPLACED);
  assert.equal(turn(device, REPLACED), "stop");
  assert.equal(turn(device, REPLACED), "start");
  const { runs } = device.memoryOf("job").job!;
  assert.deepEqual(runs.map(({ outcome, exitCode, dueAt }) => [outcome, exitCode, dueAt / MINUTE]), [
    ["replaced", 143, 11],
    ["running", null, 12],
  ]);
  assert.ok(runs[0]!.endedAt! <= runs[1]!.startedAt!);
  assert.equal(device.instances.filter((instance) => instance.state === "running").length, 1);
});

Deno.test("what the place of a run needs is brought before the run is stopped", () => {
  const changed = job({ job: { ...ONCE, overlap: "replace" }, env: { V: "2" } });
  const device = new ModelDevice();
  turn(device, job({ job: { ...ONCE, overlap: "replace" } }));
  const made = plan(device.input(desired([changed])));
  assert.deepEqual(made.actions.map(({ type }) => type), ["prepare", "stop"]);
  assert.deepEqual(plan(overlapping(REPLACED).input(desired([REPLACED]))).actions.map(({ type }) => type), [
    "prepare",
    "stop",
  ]);
});

Deno.test("a daemon that dies after the stop of a replaced run begins the next one, and knows why that one ended", () => {
  const device = overlapping(REPLACED);
  turn(device, REPLACED);
  device.since = device.now;
  assert.equal(turn(device, REPLACED), "start");
  assert.deepEqual(outcomes(device), ["replaced", "running"]);
});

Deno.test("a run without a schedule that was stopped for a change takes place again when the change is taken back", () => {
  const before = job({ job: { ...ONCE, overlap: "replace" } });
  const after = job({ job: { ...ONCE, overlap: "replace" }, env: { V: "2" } });
  const device = new ModelDevice();
  turn(device, before);
  assert.equal(turn(device, after), "stop");
  assert.equal(turn(device, before), "start");
  assert.deepEqual(outcomes(device), ["replaced", "running"]);
});

Deno.test("no run is stopped for one that may not begin yet", () => {
  const device = overlapping(REPLACED);
  const waits = { ...REPLACED, dependsOn: [{ name: "db", condition: "started" as const }] };
  const input = { ...device.input(desired([waits, native({ name: "db" })])), memoryBytes: null };
  const made = plan(input);
  assert.deepEqual(made.actions.filter(({ workload }) => workload === "job"), []);
  assert.equal(made.waiting.get("job")?.reason, "dependency_not_ready");
});

Deno.test("a run that ended where nobody saw it, before another took its place, is not under way for ever", () => {
  const device = overlapping(REPLACED);
  const { runs, seenUntil } = device.memoryOf("job").job!;
  const lost = { ...runs[0]!, instanceId: "lost", startedAt: runs[0]!.startedAt! - 1 };
  device.states.set("job", { ...device.memoryOf("job"), job: { seenUntil, runs: [lost, ...runs] } });
  device.now -= 1000;
  turn(device, REPLACED);
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

Deno.test("a run that was stopped with the machine has not failed, and what runs once runs again", () => {
  const device = new ModelDevice();
  const stopWithMachine = () => {
    const { id } = device.instances[0]!;
    const known = device.states.get("job")!;
    device.states.set("job", { ...known, job: withStop(known.job!, id, "isStopped") });
    device.instances = [];
  };
  turn(device, job());
  stopWithMachine();
  assert.equal(turn(device, job()), "start");
  assert.deepEqual(outcomes(device), ["stopped", "running"]);
  end(device, 0);
  assert.equal(turn(device, job()), "");

  const scheduled = new ModelDevice();
  const spec = job({ job: MINUTELY, restart: ON_FAILURE });
  turn(scheduled, spec);
  scheduled.now += MINUTE;
  assert.equal(turn(scheduled, spec), "start");
  const known = scheduled.states.get("job")!;
  scheduled.states.set("job", { ...known, job: withStop(known.job!, scheduled.instances[0]!.id, "isStopped") });
  scheduled.instances = [];
  assert.equal(turn(scheduled, spec), "", "the next one is for the schedule to say");
  assert.deepEqual(outcomes(scheduled), ["stopped"]);
});
