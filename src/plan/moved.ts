/** Workloads that git gave another name (`moved_from`): what is here under the old one is taken for theirs. */
import type { Desired } from "../model/desired.ts";
import { emptyMemory, type WorkloadMemory } from "../model/memory.ts";
import type { Observation } from "../model/observed.ts";

/** New names by old ones. An old name that is still somebody's is no old name. */
export function newNames(desired: Desired | null): Map<string, string> {
  const all = desired === null ? [] : [...desired.workloads, ...desired.invalid];
  const names = new Set(all.map((one) => one.name));
  const moved = desired?.workloads.filter((one) => one.movedFrom !== null && !names.has(one.movedFrom)) ?? [];
  return new Map(moved.map((one) => [one.movedFrom!, one.name]));
}

/** The same instances, each as one of the workload that has its name now. */
export function underNewNames(
  observations: readonly Observation[],
  names: ReadonlyMap<string, string>,
): Observation[] {
  if (names.size === 0) return [...observations];
  return observations.map((one) =>
    one.ok
      ? {
        ...one,
        instances: one.instances.map((instance) => {
          const name = names.get(instance.workload);
          return name === undefined ? instance : { ...instance, workload: name, formerName: instance.workload };
        }),
      }
      : one
  );
}

/** What is remembered under the old name, as the new one's; null when there is nothing to take over. */
export function movedMemory(
  memory: ReadonlyMap<string, WorkloadMemory>,
  { from, to }: { from: string; to: string },
): WorkloadMemory | null {
  const old = memory.get(from);
  if (old === undefined) return null;
  const known = memory.get(to) ?? emptyMemory(to);
  return known.applied === null ? { ...old, name: to, formerName: from } : { ...known, formerName: from };
}
