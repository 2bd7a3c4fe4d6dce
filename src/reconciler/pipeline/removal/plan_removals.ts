/** Stage: removals of workloads that git deleted. */
import type { Action } from "../action.ts";
import { earliest } from "../earliest.ts";
import { removalWindowClosed } from "../gates/gate.ts";
import type { PlanContext } from "../plan_input.ts";
import type { PlannedStates } from "../planned_state.ts";
import type { ResolvedWorkload } from "../resolved_workload.ts";
import { isRevisionRollbackPossible } from "../rollout/revision_rollback.ts";
import { gracePeriods } from "./grace_period.ts";
import { type PendingRemoval, prune, removalGuards } from "./prune_guards.ts";
import { removalActions } from "./removal_actions.ts";

export interface Removals {
  actions: Action[];
  plannedStates: PlannedStates;
  pending: PendingRemoval | null;
  wakeAt: number | null;
}

/** Plans removals. Nothing is removed while the revision may still be rolled back as a whole. */
export function planRemovals(workloads: readonly ResolvedWorkload[], context: PlanContext): Removals {
  const { desired, byWorkload, states, rolloutScope } = context;
  const resolved = new Set(workloads.map((workload) => workload.name));
  const suspended = suspendedRemovals(workloads, context);
  const present = [...byWorkload.keys()].filter((name) => !suspended.has(name));
  const grace = gracePeriods({ ...context, gone: present.filter((name) => !resolved.has(name)) });
  const closed = removalWindowClosed(context);
  const { allowed, stopped, pending } = prune({
    desired,
    present,
    grace: grace.until,
    doubt: context.pruneDoubt,
    closed: closed?.message ?? null,
    guards: removalGuards(states),
    confirmed: context.pruneConfirmed,
  });
  const mayRollBack = context.revisionFailure !== null || isRevisionRollbackPossible(workloads, rolloutScope);
  const { actions, wakeAt } = removalActions(
    mayRollBack ? { allowed: [], stopped: [] } : { allowed, stopped },
    context,
  );
  return {
    actions,
    plannedStates: new Map([...grace.goneSince].map(([name, goneSince]) => [name, { goneSince }])),
    pending,
    wakeAt: earliest(wakeAt, pending === null ? null : closed?.until ?? null, ...grace.until.values()),
  };
}

/** Names of deleted workloads that the operator suspended: they do not count as present, and are never removed. */
function suspendedRemovals(workloads: readonly ResolvedWorkload[], { desired }: PlanContext): Set<string> {
  const names = new Set([...desired.workloads, ...desired.invalid].map(({ name }) => name));
  const suspended = workloads.filter(({ name, override }) => !names.has(name) && override?.action === "suspend");
  return new Set(suspended.map(({ name }) => name));
}
