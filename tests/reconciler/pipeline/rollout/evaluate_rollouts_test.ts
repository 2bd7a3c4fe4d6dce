/** Stage: rollouts, and the assessments that follow from the spec that it chose. */
import assert from "node:assert/strict";
import { fingerprint, rolloutDigest } from "../../../../src/model/fingerprint.ts";
import { newState } from "../../../../src/model/workload_state.ts";
import { assessWorkloads, reassessWorkloads } from "../../../../src/reconciler/pipeline/assess_workloads.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { planContext } from "../../../../src/reconciler/pipeline/plan_input.ts";
import { evaluateRollouts } from "../../../../src/reconciler/pipeline/rollout/evaluate_rollouts.ts";
import { native } from "../../../support/workload.ts";
import { desired } from "../arbitraries.ts";
import { instance, ModelDevice } from "../model_device.ts";

const STABLE = native({ name: "web", env: { VERSION: "1" } });
const NEW = native({ name: "web", env: { VERSION: "2" } });
const WANTED = desired([NEW]);
const GATED = { reason: "policy_denied" as const, message: "is denied", hint: null };

/** A device that runs `STABLE`; after a failed rollout of `NEW` if `isQuarantined`. */
function context(isQuarantined = false) {
  const device = new ModelDevice([instance(STABLE, { id: "a", slot: 0 })]);
  const version = { workload: STABLE, fingerprint: fingerprint(STABLE), revision: "r1", healthyAt: 0 };
  const refused = {
    digest: rolloutDigest(NEW),
    fingerprint: fingerprint(NEW),
    revision: WANTED.revision,
    target: fingerprint(STABLE),
    by: "health" as const,
    reason: "health_timeout" as const,
    message: "was not healthy",
    at: 0,
    state: "going-back" as const,
  };
  const rollouts = { versions: [version], history: [], ...(isQuarantined ? { refused } : {}) };
  device.states.set("web", { ...newState("web"), rollouts });
  return planContext(device.input(WANTED), WANTED);
}

const candidate = {
  name: "web",
  kind: NEW.kind,
  spec: NEW,
  runtimeChoice: null,
  gated: null,
  override: null,
  isFrozen: false,
};

Deno.test("rollouts: a gated and a frozen candidate have none", () => {
  const of = (change: Partial<Parameters<typeof evaluateRollouts>[0][number]>) =>
    evaluateRollouts([{ ...candidate, ...change }], context())[0]!.rollout;
  assert.equal(of({ gated: GATED }), null);
  assert.equal(of({ isFrozen: true }), null);
  assert.equal(of({})?.spec, NEW);
});

Deno.test("rollouts: the assessments are those against the chosen spec, and the assessment stage keeps them", () => {
  for (const isQuarantined of [false, true]) {
    const shared = context(isQuarantined);
    const rollout = evaluateRollouts([candidate], shared)[0]!.rollout;
    assert.equal(rollout!.spec.env.VERSION, isQuarantined ? "1" : "2");
    assert.deepEqual(rollout!.instances.map(({ isCurrent }) => isCurrent), [isQuarantined]);
    const { workloads } = plan(shared);
    const assessed = assessWorkloads(workloads, shared).get("web");
    assert.equal(assessed, workloads[0]!.rollout!.instances, "the same objects: nothing is assessed twice");
  }
});

Deno.test("a shutdown assesses the workloads of the last plan against the instances that are left", () => {
  const shared = context();
  const { workloads } = plan(shared);
  const gone = shared.observations.map((seen) => seen.ok ? { ...seen, instances: [] } : seen);
  assert.deepEqual(reassessWorkloads(workloads, { ...shared, observations: gone }).get("web"), []);
});
