import assert from "node:assert/strict";
import type { Desired } from "../../../../src/model/desired.ts";
import { clockDoubt } from "../../../../src/reconciler/pipeline/gates/clock_sync.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { native } from "../../../support/workload.ts";
import { ModelDevice } from "../model_device.ts";

const DAY = 24 * 60 * 60_000;
const NOW = Date.UTC(2026, 10, 21, 16);

Deno.test("a clock is doubted before HarborNode was built, and far behind a time that was", () => {
  assert.equal(clockDoubt({ now: NOW, lastKnown: null }), null);
  assert.equal(clockDoubt({ now: NOW, lastKnown: NOW + DAY }), null);
  assert.match(
    clockDoubt({ now: 1000, lastKnown: null })!,
    /says 1970-01-01 00:00 UTC, which is before HarborNode was built$/,
  );
  assert.match(clockDoubt({ now: NOW, lastKnown: NOW + 2 * DAY })!, /, and it was 2026-11-23 16:00 UTC before$/);
});

const NIGHTLY = { schedule: "* * * * *", timezone: null, overlap: "skip", missed: "once", timeoutMs: null } as const;
const JOB = native({ name: "backup", job: NIGHTLY });
const ONCE = native({ name: "once", job: { ...NIGHTLY, schedule: null } });

Deno.test("by a wrong clock no schedule is due, and nothing is remembered of it; all else goes on", () => {
  const device = new ModelDevice();
  const desired: Desired = { revision: "r", workloads: [JOB, ONCE, native({})], invalid: [], notSelected: [] };
  device.now = NOW;
  // When the schedule was first looked at.
  device.remember(plan(device.input(desired)));
  const run = (now: number, lastKnown: number | null) => {
    const made = plan({ ...device.input(desired), now, clockDoubt: clockDoubt({ now, lastKnown }) });
    const started = made.actions.filter((action) => action.type === "start").map((action) => action.workload);
    return { started, waiting: made.waiting.get("backup"), remembers: made.plannedStates.has("backup"), made };
  };
  assert.deepEqual(run(NOW + 120_000, NOW).started, ["backup", "once", "web"]);
  const wrong = run(NOW + 120_000, NOW + 9 * DAY);
  assert.deepEqual(wrong.started, ["once", "web"]);
  assert.equal(wrong.waiting?.reason, "clock_wrong");
  assert.equal(wrong.remembers, false);
  assert.equal(wrong.made.wakeAt, NOW + 130_000);
  assert.deepEqual(run(1000, NOW).started, ["once", "web"]);
});
