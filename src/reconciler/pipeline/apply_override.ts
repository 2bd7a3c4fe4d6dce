/**
 * Stage: applies the operator's overrides (suspend, stop, start), which take precedence over git, and finds the workloads
 * that git does not change: those that the operator or their manifest suspends.
 */
import { type Override, withOverride } from "../../model/override.ts";
import { activeOverride, overridesToPersist } from "./gates/active_override.ts";
import type { GatedCandidate } from "./gates/gate.ts";
import type { PlanContext } from "./plan_input.ts";
import type { PlannedStates } from "./planned_state.ts";

export interface OverriddenCandidate extends GatedCandidate {
  /** Override that counts now, contained in `spec`; null for none. */
  override: Override | null;
  /**
   * Suspended: `spec` is not applied. No gate is closed for it, since the policy is checked for the spec that runs instead
   * (`reconcile_workload.ts`).
   */
  isFrozen: boolean;
}

/** Applies the overrides that count now. `plannedStates` has the overrides that ended, of any workload. */
export function applyOverrides(
  candidates: readonly GatedCandidate[],
  context: PlanContext,
): { candidates: OverriddenCandidate[]; plannedStates: PlannedStates } {
  const overridden = candidates.map((candidate) => {
    const override = activeOverride(candidate.name, context);
    const spec = withOverride(candidate.spec, override);
    const isFrozen = override?.action === "suspend" || spec.suspend;
    return { ...candidate, spec, override, isFrozen, gated: isFrozen ? null : candidate.gated };
  });
  const plannedStates = new Map([...overridesToPersist(context)].map(([name, override]) => [name, { override }]));
  return { candidates: overridden, plannedStates };
}
