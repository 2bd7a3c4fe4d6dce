/** Reconcile of a suspended workload: kept as it was last applied, beside what an unfinished rollout has left. */
import assert from "node:assert/strict";
import type { Instance } from "../../../src/model/instance.ts";
import { NO_ROLLOUTS } from "../../../src/model/rollout.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { actionTitle } from "../../../src/reconciler/pipeline/action.ts";
import { assessInstances } from "../../../src/reconciler/pipeline/assess_instance.ts";
import { reconcileWorkload } from "../../../src/reconciler/pipeline/plan_workloads.ts";
import { reconcileSuspended, suspendedRollouts } from "../../../src/reconciler/pipeline/suspended_workload.ts";
import { native } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const NOW = 1_000_000;
const APPLIED = native({ name: "web", replicas: 2 });
const OTHER = native({ name: "web", replicas: 2, env: { VERSION: "2" } });
const EXITED = { state: "exited" as const, pid: null, exitCode: 1, endedAt: NOW - 10_000 };

function titles(instances: Instance[], spec: Workload = APPLIED): string[] {
  const input = {
    spec,
    instances: assessInstances(spec, { instances, state: undefined, probedHealth: new Map(), now: NOW }),
    state: undefined,
    forced: new Set<string>(),
    blocked: null,
    cause: null,
    quarantined: null,
    isRollout: false,
    dependencyStart: null,
    since: 0,
    clockDoubt: null,
    now: NOW,
  };
  return reconcileSuspended(input, reconcileWorkload).actions.map(actionTitle);
}

const own = (slot: number, detail: Partial<Instance> = {}) => instance(APPLIED, { id: `own-${slot}`, slot, ...detail });
const other = (slot: number, detail: Partial<Instance> = {}) => instance(OTHER, { id: `new-${slot}`, slot, ...detail });

Deno.test("suspended: without instances of another spec the workload is reconciled as usual", () => {
  assert.deepEqual(titles([own(0), own(1)]), []);
  assert.deepEqual(titles([own(0)]), ["prepare web", "start web[1]"]);
  assert.deepEqual(titles([own(0), own(1, EXITED)]), ["prepare web", "start web[1]"]);
});

Deno.test("suspended: a living instance of another spec is not stopped, and keeps its slot", () => {
  assert.deepEqual(titles([own(0), other(1)]), []);
  assert.deepEqual(titles([own(0), own(1, EXITED), other(1)]), []);
  assert.deepEqual(titles([own(0, EXITED), other(1)]), ["prepare web", "start web[0]"]);
  assert.deepEqual(titles([other(0), other(1)]), []);
  assert.deepEqual(titles([own(0), own(1), other(2)]), [], "a slot beyond the replicas");
  assert.deepEqual(titles([own(0), own(1), own(0, { id: "moved", runtime: "docker" })]), [], "the other runtime");
});

Deno.test("suspended: an ended instance of another spec is replaced, and the slot of a canary is free", () => {
  assert.deepEqual(titles([own(0), other(1, EXITED)]), ["prepare web", "start web[1]"]);
  assert.deepEqual(titles([own(0), other(1, { canary: true })]), ["prepare web", "start web[1]"]);
});

Deno.test("suspended: a job starts nothing while an instance of another spec runs", () => {
  const job = { schedule: null, timezone: null, overlap: "skip" as const, missed: "once" as const, timeoutMs: null };
  const spec = native({ name: "web", job });
  assert.deepEqual(titles([], spec), ["prepare web", "start web[0]"]);
  assert.deepEqual(titles([other(0)], spec), []);
});

Deno.test("suspended: an open rollout is dropped, and a failed one stays", () => {
  const underWay = { fingerprint: "f", revision: "r", reason: "spec_changed" as const, message: "x", startedAt: 1 };
  assert.deepEqual(suspendedRollouts({ ...NO_ROLLOUTS, underWay }), NO_ROLLOUTS);
  const failed = { reason: "crash_loop" as const, message: "x" };
  assert.equal(suspendedRollouts({ ...NO_ROLLOUTS, underWay: { ...underWay, failed } }), null);
  assert.equal(suspendedRollouts(undefined), null);
});
