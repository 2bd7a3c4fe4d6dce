/** Stage: the runtime of each desired workload. The choice itself is tested in runtime_choice_test.ts. */
import assert from "node:assert/strict";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { ALLOW_ALL } from "../../../src/model/policy/allow_all.ts";
import { newState } from "../../../src/model/workload_state.ts";
import { mergePlannedStates } from "../../../src/reconciler/pipeline/planned_state.ts";
import { planContext } from "../../../src/reconciler/pipeline/plan_input.ts";
import { resolveRuntimes } from "../../../src/reconciler/pipeline/resolve_runtime.ts";
import { docker, native } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { instance, ModelDevice } from "./model_device.ts";

const PROCESS = native({ name: "web" });
const CONTAINER = docker({ name: "web" });
const BOTH = {
  ...desired([PROCESS, native({ name: "api" })]),
  choices: new Map([["web", { specs: [PROCESS, CONTAINER], preferred: "docker" as const }]]),
};

function runtimes(device: ModelDevice): string[] {
  return resolveRuntimes(planContext(device.input(BOTH), BOTH)).map(({ name, spec, runtimeChoice }) => {
    return `${name} ${spec.runtime}${runtimeChoice === null ? "" : " chosen"}`;
  });
}

Deno.test("runtime stage: only a manifest with several runtimes leaves a choice", () => {
  assert.deepEqual(runtimes(new ModelDevice()), ["web docker chosen", "api native"]);
});

Deno.test("runtime stage: the policy limits the choice", () => {
  const device = new ModelDevice();
  device.policy = { ...ALLOW_ALL, runtimes: ["native"] };
  assert.deepEqual(runtimes(device), ["web native chosen", "api native"]);
});

Deno.test("runtime stage: a fallback that runs stays, until the operator asks for a restart", () => {
  const device = new ModelDevice([instance(PROCESS, { id: "a", slot: 0 })]);
  const fallback = {
    workload: PROCESS,
    fingerprint: fingerprint(PROCESS),
    revision: "r",
    fellBackFrom: "docker" as const,
  };
  device.states.set("web", { ...newState("web"), applied: fallback });
  assert.deepEqual(runtimes(device), ["web native chosen", "api native"]);
  device.forced.add("a");
  assert.deepEqual(runtimes(device), ["web docker chosen", "api native"]);
});

Deno.test("planned states of stages are merged by field, and a later stage takes precedence", () => {
  const merged = mergePlannedStates(
    new Map([["web", { goneSince: 1, drift: { repairs: [1] } }]]),
    new Map([["web", { drift: { repairs: [2] } }], ["api", { goneSince: null }]]),
  );
  assert.deepEqual([...merged], [["web", { goneSince: 1, drift: { repairs: [2] } }], ["api", { goneSince: null }]]);
});
