/**
 * The planner: compares desired and observed state and returns actions with reasons. Pure and total: the same input gives
 * the same plan, whatever the order of the observations, and every input gives a plan.
 *
 * The planner never takes a suspended workload to another spec than the last applied one, never touches a workload that has
 * an operation under way, nor an instance of a runtime that could not be observed, and never removes what the prune guards
 * keep.
 */
import type { QuarantinedRevision } from "../../model/rollout.ts";
import type { Action } from "./action.ts";
import { applyOverrides } from "./apply_override.ts";
import { type Assessments, assessWorkloads } from "./assess_workloads.ts";
import type { Blocked } from "./blocked.ts";
import { checkDependencies } from "./dependencies.ts";
import { earliest } from "./earliest.ts";
import { infeasibleWorkloads } from "./feasibility.ts";
import { evaluateGates } from "./gates/gate.ts";
import { pinImages } from "./pin_image.ts";
import { planContext, type PlanInput } from "./plan_input.ts";
import { mergePlannedStates, type PlannedStates } from "./planned_state.ts";
import { reconcileWorkloads } from "./plan_workloads.ts";
import { planRemovals } from "./removal/plan_removals.ts";
import type { PendingRemoval } from "./removal/prune_guards.ts";
import { resolveRuntimes } from "./resolve_runtime.ts";
import { resolveWorkloads } from "./choose_specs.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";
import { type RestartLeases, restartLeases } from "./restart/delegated_restart.ts";
import { evaluateRollouts } from "./rollout/evaluate_rollouts.ts";
import { revisionQuarantine } from "./rollout/revision_rollback.ts";

export interface Plan {
  actions: Action[];
  /** Every workload that the device should run, with the spec that counts for it now. */
  workloads: ResolvedWorkload[];
  /** Assessments of the instances of `workloads`, by workload name. */
  assessments: Assessments;
  /** Reason why something of a workload that is to be started is not, by workload name. */
  waiting: ReadonlyMap<string, Blocked>;
  /** Restart leases to set or revoke, by instance id. */
  restartLeases: RestartLeases;
  /** Changes of workload states, by name, to be persisted before any action runs. */
  plannedStates: PlannedStates;
  /** Quarantine of the desired revision, to be persisted: the next plan rolls the revision back. Null for none. */
  quarantinedRevision: QuarantinedRevision | null;
  pendingRemoval: PendingRemoval | null;
  /** Time when something becomes due without a new observation; null for never. */
  wakeAt: number | null;
}

export const EMPTY_PLAN: Plan = {
  actions: [],
  workloads: [],
  assessments: new Map(),
  waiting: new Map(),
  restartLeases: new Map(),
  plannedStates: new Map(),
  quarantinedRevision: null,
  pendingRemoval: null,
  wakeAt: null,
};

export function plan(input: PlanInput): Plan {
  if (input.desired === null) return EMPTY_PLAN;
  const context = planContext(input, input.desired);

  // Resolve the spec that counts for each workload.
  const runtimes = resolveRuntimes(context);
  const pinned = pinImages(runtimes, context);
  const gated = evaluateGates(pinned.candidates, context);
  const overridden = applyOverrides(gated.candidates, context);
  const rollouts = evaluateRollouts(overridden.candidates, context);
  const { workloads, wakeAt: overridesEndAt } = resolveWorkloads(rollouts, context);

  // Assess its instances, and find what its starts wait for.
  const assessments = assessWorkloads(workloads, context);
  const infeasible = infeasibleWorkloads(workloads, context);
  const dependencies = checkDependencies(workloads, { ...context, assessments });

  // Derive the actions.
  const reconciled = reconcileWorkloads(workloads, { assessments, infeasible, dependencies }, context);
  const removals = planRemovals(workloads, context);
  const { leases, wakeAt: leasesChangeAt } = restartLeases(reconciled, context);

  const { actions, waiting, plannedStates } = reconciled;
  return {
    actions: [...actions, ...removals.actions],
    workloads,
    assessments,
    waiting,
    restartLeases: leases,
    plannedStates: mergePlannedStates(removals.plannedStates, overridden.plannedStates, plannedStates),
    quarantinedRevision: revisionQuarantine(workloads, context),
    pendingRemoval: removals.pending,
    wakeAt: earliest(
      ...[pinned, gated, reconciled, removals].map((stage) => stage.wakeAt),
      overridesEndAt,
      leasesChangeAt,
    ),
  };
}
