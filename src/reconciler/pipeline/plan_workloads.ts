/** Stage: the actions that take each workload to its spec. */
import { canonical } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/instance.ts";
import { NO_ROLLOUTS } from "../../model/rollout.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action, Cause } from "./action.ts";
import type { Assessments } from "./assess_workloads.ts";
import type { Blocked } from "./blocked.ts";
import type { DependencyStates } from "./dependencies.ts";
import { earliest } from "./earliest.ts";
import { CLOCK_CHECK_MS } from "./gates/clock_sync.ts";
import { policyChecker } from "./gates/policy_gate.ts";
import { reconcileJob } from "./job_runs.ts";
import { isObserved, type PlanContext } from "./plan_input.ts";
import type { PlannedState, PlannedStates } from "./planned_state.ts";
import { reconcileInstances } from "./reconcile_instances.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";
import { retryTime } from "./retry_state.ts";
import { rollbackReason, type RolloutDecision } from "./rollout/evaluate_rollout.ts";
import type { ReconcileInput, Step } from "./step.ts";
import { reconcileSuspended, suspendedRollouts } from "./suspended_workload.ts";

/** Outcome of reconciling one workload. */
interface WorkloadStep {
  name: string;
  actions: Action[];
  waiting: Blocked | null;
  planned: PlannedState;
  wakeAt: number | null;
  /** Spec whose restart leases are renewed; "revoke": the instances get none; "keep": leases are left as they are. */
  leases: { spec: Workload; isSettled: boolean } | "revoke" | "keep";
}

/** What earlier stages found out about all workloads. */
export interface Findings {
  assessments: Assessments;
  infeasible: ReadonlyMap<string, Blocked>;
  dependencies: DependencyStates;
}

export interface ReconcileResult {
  actions: Action[];
  /** Reason why something of a workload that is to be started is not, by its name. */
  waiting: Map<string, Blocked>;
  plannedStates: PlannedStates;
  steps: readonly WorkloadStep[];
  wakeAt: number | null;
}

/** Reconciles all workloads, except those that are suspended without an applied spec, or have an operation under way. */
export function reconcileWorkloads(
  workloads: readonly ResolvedWorkload[],
  findings: Findings,
  context: PlanContext,
): ReconcileResult {
  const violationOf = policyChecker(workloads.flatMap(({ spec }) => spec ?? []), context);
  const steps = workloads.flatMap((workload) => {
    const { name, spec, frozen } = workload;
    if (spec === null || frozen === "untouched" || context.busy.has(name)) return [];
    return planWorkload(workload, { spec, violation: violationOf(spec), findings, context });
  });
  return {
    actions: steps.flatMap((step) => step.actions),
    waiting: new Map(steps.flatMap(({ name, waiting }) => waiting === null ? [] : [[name, waiting]])),
    plannedStates: new Map(
      steps.filter(({ planned }) => Object.keys(planned).length > 0).map(
        ({ name, planned }) => [name, planned],
      ),
    ),
    steps,
    wakeAt: earliest(...steps.map((step) => step.wakeAt)),
  };
}

function planWorkload(
  { name, frozen, runtimeChoice, rollout }: ResolvedWorkload,
  { spec, violation, findings, context }: {
    spec: Workload;
    violation: Blocked | null;
    findings: Findings;
    context: PlanContext;
  },
): WorkloadStep {
  const rollouts = changedRollouts({ frozen, rollout }, context.states.get(name)?.rollouts);
  const idle = { name, actions: [], waiting: null, planned: rollouts, wakeAt: rollout?.wakeAt ?? null };
  const blocked = runtimeChoice?.blocked ?? null;
  if (blocked !== null) return { ...idle, waiting: blocked, leases: "keep" };
  if (!isObserved(spec.runtime, context)) return { ...idle, leases: "keep" };
  // The policy applies to every spec, also to a stored one and to the target of a rollback: neither the daemon nor the
  // shim or Docker may start it.
  if (violation !== null) return { ...idle, waiting: violation, leases: "revoke" };

  const reconcileSpec = reconcileInput(spec, { rollout, findings, context });
  const step = frozen === undefined
    ? reconcileWorkload(reconcileSpec)
    : reconcileSuspended(reconcileSpec, reconcileWorkload);
  const retry = context.retries.get(name);
  const retryAt = retry?.fingerprint === step.fingerprint ? retryTime(retry, context.now) : null;
  return {
    name,
    actions: retryAt === null ? step.actions : [],
    waiting: step.waiting,
    planned: { ...rollouts, ...step.planned },
    wakeAt: earliest(idle.wakeAt, step.wakeAt, step.actions.length > 0 ? retryAt : null),
    leases: { spec, isSettled: step.actions.length === 0 },
  };
}

function changedRollouts(
  { frozen, rollout }: Pick<ResolvedWorkload, "frozen" | "rollout">,
  known = NO_ROLLOUTS,
): PlannedState {
  const rollouts = frozen === undefined ? rollout?.rollouts ?? known : suspendedRollouts(known) ?? known;
  return rollouts === known || canonical(rollouts) === canonical(known) ? {} : { rollouts };
}

function reconcileInput(
  spec: Workload,
  { rollout, findings, context }: { rollout: RolloutDecision | null; findings: Findings; context: PlanContext },
): ReconcileInput {
  const { name } = spec;
  const quarantined = rollout?.quarantined ?? null;
  const cause: Cause | null = quarantined === null
    ? null
    : { reason: "rollback", message: rollbackReason(quarantined) };
  const { unmet = null, lastStart = null } = findings.dependencies.get(name) ?? {};
  return {
    spec,
    instances: findings.assessments.get(name) ?? [],
    state: context.states.get(name),
    forced: context.forcedRestarts,
    blocked: findings.infeasible.get(name) ?? unmet,
    cause,
    quarantined: quarantined?.fingerprint ?? null,
    isRollout: quarantined === null && rollout?.rollouts.underWay !== undefined &&
      rollout.rollouts.underWay.failed === undefined,
    dependencyStart: lastStart,
    since: context.since,
    clockDoubt: context.clockDoubt ?? null,
    now: context.now,
    clockSetAt: context.clockSetAt,
  };
}

/** Reconciles one workload: a job by its runs, everything else by its instances. */
export function reconcileWorkload(input: ReconcileInput): Step {
  const { spec, state } = input;
  const step = spec.job === null || !spec.enabled
    ? reconcileInstances(input)
    : input.instances.some(({ instance }) => !isJobSlot(instance, spec))
    ? removeSurplus(input)
    : gateJob(input, reconcileJob(input, spec.job));
  const { job, drift } = step.planned;
  const planned = {
    ...(job === undefined || canonical(job) === canonical(state?.job) ? {} : { job }),
    ...(drift === undefined || canonical(drift) === canonical(state?.drift) ? {} : { drift }),
  };
  return { ...step, planned };
}

function isJobSlot(instance: Instance, spec: Workload): boolean {
  return instance.runtime === spec.runtime && instance.slot === 0;
}

/** Removes instances of a job from other runtimes and slots. Its runs are left to the schedule. */
function removeSurplus(input: ReconcileInput): Step {
  const step = reconcileInstances(input);
  const isSurplus = (action: Action) => "instance" in action && !isJobSlot(action.instance, input.spec);
  return { ...step, actions: step.actions.filter(isSurplus) };
}

/** Delays the runs of a job while the clock is wrong, or nothing new may be started. */
function gateJob({ spec, blocked, clockDoubt, now }: ReconcileInput, step: Step): Step {
  if (clockDoubt !== null && spec.job?.schedule !== null) {
    const waiting: Blocked = { reason: "clock_wrong", message: `its schedule waits: ${clockDoubt}` };
    // The state stays as it is, too: with a wrong time, due runs would be recorded as past.
    return { ...step, actions: [], planned: {}, waiting, wakeAt: now + CLOCK_CHECK_MS };
  }
  // A run is not stopped either for a successor that may not be started.
  const isStart = (action: Action) => action.type === "start" || (action.type === "stop" && action.isReplaced === true);
  if (blocked === null || !step.actions.some(isStart)) return step;
  return { ...step, actions: [], waiting: blocked };
}
