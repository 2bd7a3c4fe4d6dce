/** Stage: dependencies between workloads, which order their starts and removals. */
import { fingerprint } from "../../model/fingerprint.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Dependency, Workload } from "../../model/workload.ts";
import type { InstanceAssessment } from "./assess_instance.ts";
import type { Assessments } from "./assess_workloads.ts";
import type { Blocked } from "./blocked.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";

export interface DependencyInput {
  assessments: Assessments;
  states: ReadonlyMap<string, WorkloadState>;
  now: number;
}

/** Last start of a dependency. */
export interface DependencyStart {
  name: string;
  /** In ms since 1970. */
  at: number;
}

export interface DependencyState {
  /** First dependency that is not ready; null when all are. */
  unmet: Blocked | null;
  /** Last start among the ready dependencies with `restart = true`; null for none. */
  lastStart: DependencyStart | null;
}

/** Dependency state of each workload that has dependencies, by its name. */
export type DependencyStates = ReadonlyMap<string, DependencyState>;

/** Checks the dependencies of all workloads against the assessed instances. */
export function checkDependencies(workloads: readonly ResolvedWorkload[], input: DependencyInput): DependencyStates {
  const byName = new Map(workloads.map((workload) => [workload.name, workload]));
  return new Map(workloads.flatMap(({ name, spec }) => {
    if (spec === null || spec.dependsOn.length === 0) return [];
    const dependencies = spec.dependsOn.map((dependency) => {
      return checkDependency(dependency, byName.get(dependency.name), input);
    });
    const message = dependencies.find((dependency) => dependency.unmet !== null)?.unmet ?? null;
    const starts = dependencies.flatMap((dependency) => dependency.starts);
    return [[name, {
      unmet: message === null ? null : { reason: "dependency_not_ready", message },
      lastStart: starts.toSorted((a, b) => b.at - a.at)[0] ?? null,
    }]];
  }));
}

/** `unmet` says what is waited for; null when the dependency is ready. */
function checkDependency(
  dependency: Dependency,
  workload: ResolvedWorkload | undefined,
  input: DependencyInput,
): { unmet: string | null; starts: DependencyStart[] } {
  const { name, condition, restart } = dependency;
  if (workload === undefined) return { unmet: `waits for "${name}", which this device does not run`, starts: [] };
  if (workload.spec?.enabled === false) return { unmet: `waits for "${name}", which is switched off`, starts: [] };
  const { spec } = workload;
  const instances = input.assessments.get(name) ?? [];
  if (spec === null || !isReady(spec, { condition, instances, state: input.states.get(name) })) {
    return { unmet: `waits for "${name}" to be ${condition}`, starts: [] };
  }
  // A start in the future was recorded before the clock was set back: it does not tell which instance was started first.
  const starts = restart !== true || spec.job !== null
    ? []
    : runningOf(instances).flatMap(({ instance: { startedAt } }) => {
      return startedAt === null || startedAt > input.now ? [] : [{ name, at: startedAt }];
    });
  return { unmet: null, starts };
}

function isReady(
  spec: Workload,
  { condition, instances, state }: Pick<Dependency, "condition"> & {
    instances: readonly InstanceAssessment[];
    state: WorkloadState | undefined;
  },
): boolean {
  if (spec.job !== null) return hasJobSucceeded(spec, state);
  if (condition === "completed") {
    const wanted = fingerprint(spec);
    return instances.some(({ instance, hasSucceeded }) => hasSucceeded && instance.fingerprint === wanted);
  }
  const running = runningOf(instances);
  if (running.length < spec.replicas) return false;
  return condition === "started" || running.every(({ health }) => health === "healthy");
}

/** A job without a schedule must have succeeded with its present fingerprint; of a scheduled job any success counts. */
function hasJobSucceeded(spec: Workload, state: WorkloadState | undefined): boolean {
  const wanted = fingerprint(spec);
  const runs = state?.job?.runs ?? [];
  return runs.some((run) => run.outcome === "succeeded" && (spec.job?.schedule !== null || run.fingerprint === wanted));
}

function runningOf(instances: readonly InstanceAssessment[]): InstanceAssessment[] {
  return instances.filter(({ instance }) => instance.state === "running");
}

/**
 * Returns the names among `leaving` that no other leaving workload depends on: these may be stopped now. When all depend
 * on each other, as specs of different revisions can, all may be stopped.
 */
export function removableNow(
  leaving: readonly string[],
  states: ReadonlyMap<string, WorkloadState>,
): Set<string> {
  const needed = new Set(leaving.flatMap((name) => {
    const dependencies = states.get(name)?.applied?.workload.dependsOn ?? [];
    return dependencies.map((dependency) => dependency.name).filter((other) => other !== name);
  }));
  const free = leaving.filter((name) => !needed.has(name));
  return new Set(free.length === 0 ? leaving : free);
}
