/** Laws of the whole plan on devices that reach every stage. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { observedInstances } from "../../../src/model/instance.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import type { PlanInput } from "../../../src/reconciler/pipeline/plan_input.ts";
import type { ResolvedWorkload } from "../../../src/reconciler/pipeline/resolved_workload.ts";
import { NOW, scenes } from "./scenes.ts";

const slow = Deno.permissions.querySync({ name: "env", variable: "SLOW" }).state === "granted" && Deno.env.get("SLOW");
const RUNS = slow ? 20_000 : 300;
const OPTIONS: fc.Parameters<unknown> = slow ? { numRuns: RUNS } : { numRuns: RUNS, seed: 20261121 };

function law(claim: string, check: (input: PlanInput) => void): void {
  Deno.test(`plan: ${claim}`, () => fc.assert(fc.property(scenes, check), OPTIONS));
}

law("the order of observed instances changes nothing", (input) => {
  const observations = input.observations.toReversed().map((observation) =>
    observation.ok ? { ...observation, instances: observation.instances.toReversed() } : observation
  );
  assert.deepEqual(plan({ ...input, observations }), plan(input));
});

law("a workload occurs once, and its instances are assessed once, all of them", (input) => {
  const { workloads, assessments } = plan(input);
  const names = workloads.map((workload) => workload.name);
  assert.deepEqual(names.length, new Set(names).size);
  assert.deepEqual([...assessments.keys()].sort(), names.toSorted());
  const observed = observedInstances(input.observations);
  for (const { name, spec } of workloads) {
    const own = observed.filter((instance) => spec !== null && instance.workload === name).map(({ id }) => id);
    assert.deepEqual(assessments.get(name)!.map(({ instance }) => instance.id).sort(), own.sort());
  }
});

law("it wakes up in the future, and never for what is due already", (input) => {
  const { wakeAt } = plan(input);
  assert.ok(wakeAt === null || wakeAt > NOW, `wakes up ${wakeAt! - NOW} ms ago`);
});

law("nothing of a busy workload is touched, nor of a suspended one without an applied spec", (input) => {
  const { actions, workloads, restartLeases } = plan(input);
  for (const { name, frozen } of workloads) {
    if (frozen !== "untouched" && !input.busy.has(name)) continue;
    assert.deepEqual(actions.filter((action) => action.workload === name), [], name);
    const own = observedInstances(input.observations).filter((instance) => instance.workload === name);
    for (const { id } of own) assert.ok(!restartLeases.has(id), `the lease of ${id}`);
  }
});

law("a suspended workload is started as it was last applied, and loses no living instance of another spec", (input) => {
  const { actions, workloads } = plan(input);
  for (const { name, frozen, spec, override } of workloads) {
    assert.equal(frozen !== undefined, spec !== null && isSuspended({ name, override }, input), name);
    if (frozen !== "applied") continue;
    const applied = { ...input.states.get(name)!.applied!.workload, name };
    const expected = fingerprint(override?.action === "stop" ? { ...applied, enabled: false } : applied);
    for (const action of actions.filter(({ workload }) => workload === name)) {
      if (action.type === "start") assert.equal(action.fingerprint, expected);
      if (action.type !== "stop") continue;
      assert.equal(action.instance.fingerprint, expected, action.instance.id);
      assert.equal(action.instance.runtime, spec!.runtime, action.instance.id);
    }
  }
});

/** Suspended by the operator, or by its valid manifest, unless the operator starts it. */
function isSuspended({ name, override }: Pick<ResolvedWorkload, "name" | "override">, { desired }: PlanInput): boolean {
  if (override !== null && override.action !== "stop") return override.action === "suspend";
  if (desired!.invalid.some((invalid) => invalid.name === name)) return false;
  return desired!.workloads.some((workload) => workload.name === name && workload.suspend);
}

law("a second plan from the same input is the same: stages leave no trace", (input) => {
  const first = plan(input);
  assert.deepEqual(plan(input), first);
});
