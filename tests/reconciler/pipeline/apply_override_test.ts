/** Stage: overrides by the operator, and what they make of the candidates that the gates have checked. */
import assert from "node:assert/strict";
import { newState } from "../../../src/model/workload_state.ts";
import type { Override } from "../../../src/model/override.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { applyOverrides } from "../../../src/reconciler/pipeline/apply_override.ts";
import { planContext } from "../../../src/reconciler/pipeline/plan_input.ts";
import { native } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { ModelDevice } from "./model_device.ts";

const WEB = native({ name: "web" });
const GATED = { reason: "policy_denied" as const, message: "is denied", hint: null };

/** "enabled, frozen, gated" for the candidate of `spec`, whose gate is closed, and the names of overrides to persist. */
function applied(spec: Workload, hold?: Partial<Override>): string {
  const device = new ModelDevice();
  if (hold !== undefined) {
    const override: Override = { action: "suspend", since: device.now, until: null, ...hold };
    device.states.set("web", { ...newState("web"), override });
  }
  const wanted = desired([spec]);
  const candidate = { name: "web", kind: spec.kind, spec, runtimeChoice: null, gated: GATED };
  const { candidates: [found], plannedStates } = applyOverrides([candidate], planContext(device.input(wanted), wanted));
  const { isFrozen, gated, override } = found!;
  return [
    ...override === null ? [] : [override.action],
    ...found!.spec.enabled ? ["enabled"] : [],
    ...isFrozen ? ["frozen"] : [],
    ...gated === null ? [] : ["gated"],
    ...[...plannedStates].map(([name, { override }]) => `${name} ended: ${override?.ended}`),
  ].join(", ");
}

const CASES: [claim: string, spec: Workload, hold: Partial<Override> | undefined, expected: string][] = [
  ["without an override a candidate stays as it is", WEB, undefined, "enabled, gated"],
  ["a hold freezes the workload and opens its gate", WEB, { action: "suspend" }, "suspend, enabled, frozen"],
  ["a stop disables the spec and leaves the gate closed", WEB, { action: "stop" }, "stop, gated"],
  ["a start enables the spec", native({ enabled: false }), { action: "start" }, "start, enabled, gated"],
  ["suspend = true freezes the workload", native({ suspend: true }), undefined, "enabled, frozen"],
  [
    "a start takes precedence over suspend = true",
    native({ suspend: true }),
    { action: "start" },
    "start, enabled, gated",
  ],
  ["a stop does not: the workload stays frozen", native({ suspend: true }), { action: "stop" }, "stop, frozen"],
  [
    "an override that is over is persisted as ended, and changes nothing",
    WEB,
    { until: 1 },
    "enabled, gated, web ended: true",
  ],
];

for (const [claim, spec, hold, expected] of CASES) {
  Deno.test(`override stage: ${claim}`, () => assert.equal(applied(spec, hold), expected));
}
