/** Stage: removals of what git deleted: guards, grace period, windows, retries and open rollouts of a revision. */
import assert from "node:assert/strict";
import { newState, type WorkloadState } from "../../../../src/model/workload_state.ts";
import { fingerprint } from "../../../../src/model/fingerprint.ts";
import type { Workload } from "../../../../src/model/workload.ts";
import { actionTitle } from "../../../../src/reconciler/pipeline/action.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { planContext, type PlanInput } from "../../../../src/reconciler/pipeline/plan_input.ts";
import { planRemovals } from "../../../../src/reconciler/pipeline/removal/plan_removals.ts";
import { native } from "../../../support/workload.ts";
import { desired } from "../arbitraries.ts";
import { instance, ModelDevice } from "../model_device.ts";

const KEPT = native({ name: "api" });
const GONE = native({ name: "web" });
const OPEN = { kind: "deny" as const, schedule: "* * * * *", durationMs: 120_000, timezone: null };

interface Scene {
  gone?: Workload;
  state?: Partial<WorkloadState>;
  change?: Partial<PlanInput>;
}

function removals({ gone = GONE, state = {}, change = {} }: Scene = {}) {
  const device = new ModelDevice([instance(gone, { id: "a", slot: 0 })]);
  // Started just now: its rollout is not complete yet.
  device.instances.push(instance(KEPT, { id: "b", slot: 0, startedAt: device.now }));
  const applied = { workload: gone, fingerprint: fingerprint(gone), revision: "r" };
  device.states.set("web", { ...newState("web"), applied, ...state });
  const wanted = desired([KEPT]);
  const input = { ...device.input(wanted), ...change };
  const result = planRemovals(plan(input).workloads, planContext(input, wanted));
  return { ...result, titles: result.actions.map(actionTitle), now: device.now };
}

Deno.test("removals: a deleted workload is stopped and removed, and a desired one is not", () => {
  const { titles, pending, wakeAt, plannedStates } = removals();
  assert.deepEqual([titles, pending, wakeAt, plannedStates.size], [["stop web[0]", "remove web[0]"], null, null, 0]);
});

Deno.test("removals: a guard keeps the instance, or only stops it", () => {
  const keep = removals({ gone: native({ name: "web", prune: "keep" }) });
  assert.deepEqual([keep.titles, keep.pending?.names], [[], ["web"]]);
  const stop = removals({ gone: native({ name: "web", prune: "stop" }) });
  assert.deepEqual([stop.titles, stop.pending?.names], [["stop web[0]"], ["web"]]);
});

Deno.test("removals: a grace period is persisted from its first plan on, and the plan wakes up at its end", () => {
  const first = removals({ change: { graceMs: 60_000 } });
  assert.deepEqual(first.titles, []);
  assert.deepEqual([...first.plannedStates], [["web", { goneSince: first.now }]]);
  assert.equal(first.wakeAt, first.now + 60_000);
  const over = removals({ state: { goneSince: first.now - 60_000 }, change: { graceMs: 60_000 } });
  assert.deepEqual([over.titles, over.wakeAt], [["stop web[0]", "remove web[0]"], null]);
});

Deno.test("removals: nothing is removed in a closed window, and the plan wakes up when it opens", () => {
  const { titles, pending, wakeAt, now } = removals({ change: { windows: [OPEN] } });
  assert.deepEqual([titles, pending?.names], [[], ["web"]]);
  assert.ok(wakeAt !== null && wakeAt > now);
});

Deno.test("removals: a failed removal is retried at its time", () => {
  const retry = {
    fingerprint: "f",
    failures: 1,
    isFinal: false,
    reason: "internal_error" as const,
    message: "x",
    hint: null,
  };
  const at = (retryAt: number) => removals({ change: { retries: new Map([["web", { ...retry, retryAt }]]) } });
  assert.deepEqual([at(1_005_000).titles, at(1_005_000).wakeAt], [[], 1_005_000]);
  assert.deepEqual(at(1000).titles, ["stop web[0]", "remove web[0]"]);
});

Deno.test("removals: nothing is removed while the revision may be rolled back, or is, or an operation is under way", () => {
  assert.deepEqual(removals({ change: { rolloutScope: "revision" } }).titles, []);
  const quarantinedRevision = { revision: "a".repeat(40), message: "api failed" };
  assert.deepEqual(removals({ change: { quarantinedRevision } }).titles, []);
  assert.deepEqual(removals({ change: { busy: new Set(["web"]) } }).titles, []);
});

Deno.test("removals: a deleted workload that the operator suspends is neither removed nor pending", () => {
  const { titles, pending } = removals({ state: { override: { action: "suspend", since: 0, until: null } } });
  assert.deepEqual([titles, pending], [[], null]);
});
