/** Stage: rollouts. Decides for each candidate whether it runs its desired spec, or its last stable version instead. */
import type { OverriddenCandidate } from "../apply_override.ts";
import { answeringSinceOverride } from "../gates/active_override.ts";
import type { PlanContext } from "../plan_input.ts";
import { evaluateRollout, type RolloutDecision } from "./evaluate_rollout.ts";

export interface EvaluatedCandidate extends OverriddenCandidate {
  /** Null behind a closed gate and for a frozen workload: the last applied spec stays. */
  rollout: RolloutDecision | null;
}

export function evaluateRollouts(
  candidates: readonly OverriddenCandidate[],
  context: PlanContext,
): EvaluatedCandidate[] {
  return candidates.map((candidate) => {
    if (candidate.gated !== null || candidate.isFrozen) return { ...candidate, rollout: null };
    const { spec } = candidate;
    const state = context.states.get(spec.name);
    const rollout = evaluateRollout({
      desired: spec,
      revision: context.desired.revision,
      state,
      instances: context.byWorkload.get(spec.name) ?? [],
      retry: context.retries.get(spec.name),
      probedHealth: context.probedHealth,
      answeringSince: answeringSinceOverride(state?.override, context),
      revisionFailure: context.revisionFailure,
      now: context.now,
      clockSetAt: context.clockSetAt,
    });
    return { ...candidate, rollout };
  });
}
