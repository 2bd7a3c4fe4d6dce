/** Order: what must be ready before a workload is started, and what must be gone before it is stopped for good. */
import { fingerprint } from "../model/fingerprint.ts";
import type { WorkloadMemory } from "../model/memory.ts";
import type { Instance } from "../model/observed.ts";
import type { Dependency, Workload } from "../model/workload.ts";
import type { Effective } from "./effective.ts";
import { healthOf, type Verdicts } from "./health.ts";
import { isSuccess } from "./restart/restart.ts";

export interface OrderInput {
  workloads: readonly Effective[];
  instances: readonly Instance[];
  memory: ReadonlyMap<string, WorkloadMemory>;
  verdicts: Verdicts;
  now: number;
}

/** Why `spec` has to wait, in a sentence; null when all that it depends on is so far. */
export function unready(spec: Workload, input: OrderInput): string | null {
  for (const dependency of spec.dependsOn) {
    const other = input.workloads.find((one) => one.name === dependency.name);
    if (other === undefined) return `waits for "${dependency.name}", which this device does not run`;
    if (other.spec?.enabled === false) return `waits for "${dependency.name}", which is switched off`;
    if (!isReady(dependency, other, input)) return `waits for "${dependency.name}" to be ${dependency.condition}`;
  }
  return null;
}

function isReady({ name, condition }: Dependency, { spec }: Effective, input: OrderInput): boolean {
  if (spec === null || !spec.enabled) return false;
  if (condition === "completed" || spec.job !== null) return hasCompleted(spec, input);
  const running = input.instances.filter((one) => one.workload === name && one.state === "running");
  if (running.length < spec.replicas) return false;
  if (condition === "started") return true;
  return running.every((instance) =>
    healthOf({ spec, instance, verdicts: input.verdicts, now: input.now }).health === "healthy"
  );
}

/** A job without a schedule must have completed as it is now; of one with a schedule, any success will do. */
function hasCompleted(spec: Workload, input: OrderInput): boolean {
  const wanted = fingerprint(spec);
  if (spec.job !== null) {
    const runs = input.memory.get(spec.name)?.job?.runs ?? [];
    return runs.some((run) =>
      run.outcome === "succeeded" && (spec.job?.schedule !== null || run.fingerprint === wanted)
    );
  }
  return input.instances.some((one) =>
    one.workload === spec.name && one.state === "exited" && isSuccess(spec.restart, one) && one.fingerprint === wanted
  );
}

/**
 * Of what `spec` depends on and is to be restarted with (`restart = true`), what was started last, where that is ready
 * again; null when there is none.
 */
export function lastStartOfNeeded(spec: Workload, input: OrderInput): { name: string; at: number } | null {
  const starts = spec.dependsOn.filter((one) => one.restart).flatMap((dependency) => {
    const other = input.workloads.find((one) => one.name === dependency.name);
    if (other === undefined || other.spec?.job !== null || !isReady(dependency, other, input)) return [];
    const running = input.instances.filter((one) => one.workload === dependency.name && one.state === "running");
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
export function mayLeave(
  leaving: readonly string[],
  memory: ReadonlyMap<string, WorkloadMemory>,
): Set<string> {
  const needed = new Set(
    leaving.flatMap((name) =>
      memory.get(name)?.applied?.workload.dependsOn.map((one) => one.name).filter((other) => other !== name) ?? []
    ),
  );
  const free = leaving.filter((name) => !needed.has(name));
  return new Set(free.length === 0 ? leaving : free);
}
