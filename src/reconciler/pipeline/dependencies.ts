/** Order: what must be ready before a workload is started, and what must be gone before it is stopped for good. */
import { fingerprint } from "../../model/fingerprint.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { Dependency, Workload } from "../../model/workload.ts";
import type { ResolvedWorkload } from "./resolve_workloads.ts";
import { healthOf, type ProbedHealths } from "./instance_health.ts";
import { isSuccess } from "./restart/restart_decision.ts";

export interface DependencyInput {
  workloads: readonly ResolvedWorkload[];
  instances: readonly Instance[];
  states: ReadonlyMap<string, WorkloadState>;
  probedHealth: ProbedHealths;
  now: number;
}

/** Why `spec` has to wait, in a sentence; null when all that it depends on is so far. */
export function unmetDependency(spec: Workload, input: DependencyInput): string | null {
  for (const dependency of spec.dependsOn) {
    const other = input.workloads.find((workload) => workload.name === dependency.name);
    if (other === undefined) return `waits for "${dependency.name}", which this device does not run`;
    if (other.spec?.enabled === false) return `waits for "${dependency.name}", which is switched off`;
    if (!isReady(dependency, other, input)) return `waits for "${dependency.name}" to be ${dependency.condition}`;
  }
  return null;
}

function isReady({ name, condition }: Dependency, { spec }: ResolvedWorkload, input: DependencyInput): boolean {
  if (spec === null || !spec.enabled) return false;
  if (condition === "completed" || spec.job !== null) return hasCompleted(spec, input);
  const running = input.instances.filter((instance) => instance.workload === name && instance.state === "running");
  if (running.length < spec.replicas) return false;
  if (condition === "started") return true;
  return running.every((instance) =>
    healthOf({ spec, instance, probedHealth: input.probedHealth, now: input.now }).health === "healthy"
  );
}

/** A job without a schedule must have completed as it is now; of one with a schedule, any success will do. */
function hasCompleted(spec: Workload, input: DependencyInput): boolean {
  const wanted = fingerprint(spec);
  if (spec.job !== null) {
    const runs = input.states.get(spec.name)?.job?.runs ?? [];
    return runs.some((run) =>
      run.outcome === "succeeded" && (spec.job?.schedule !== null || run.fingerprint === wanted)
    );
  }
  return input.instances.some((instance) =>
    instance.workload === spec.name && instance.state === "exited" && isSuccess(spec.restart, instance) &&
    instance.fingerprint === wanted
  );
}

/**
 * Of what `spec` depends on and is to be restarted with (`restart = true`), what was started last, where that is ready
 * again; null when there is none.
 */
export function lastDependencyStart(spec: Workload, input: DependencyInput): { name: string; at: number } | null {
  const starts = spec.dependsOn.filter((dependency) => dependency.restart).flatMap((dependency) => {
    const other = input.workloads.find((workload) => workload.name === dependency.name);
    if (other === undefined || other.spec?.job !== null || !isReady(dependency, other, input)) return [];
    const running = input.instances.filter((instance) =>
      instance.workload === dependency.name && instance.state === "running"
    );
    // A start in the future was before the clock was set back: it says nothing of what came first.
    return running.flatMap(({ startedAt }) =>
      startedAt === null || startedAt > input.now ? [] : [{ name: dependency.name, at: startedAt }]
    );
  });
  return starts.toSorted((a, b) => b.at - a.at)[0] ?? null;
}

/**
 * Of `leaving`, those that nobody depends on who is leaving too and still here: they may be stopped now. When all wait
 * for each other (specs of different revisions), all may.
 */
export function removableNow(
  leaving: readonly string[],
  states: ReadonlyMap<string, WorkloadState>,
): Set<string> {
  const needed = new Set(
    leaving.flatMap((name) =>
      states.get(name)?.applied?.workload.dependsOn.map((dependency) => dependency.name).filter((other) =>
        other !== name
      ) ?? []
    ),
  );
  const free = leaving.filter((name) => !needed.has(name));
  return new Set(free.length === 0 ? leaving : free);
}
