/** Workloads that git gave another name (`moved_from`): what is here under the old one is taken for theirs. */
import type { Desired } from "../model/desired.ts";
import { emptyMemory, type WorkloadMemory } from "../model/memory.ts";
import type { Observation } from "../model/observed.ts";

/**
 * New names by old ones. An old name that is still somebody's is no old name. What was taken over once stays so while
 * anything may run under the old name, also when its manifest says nothing of it any more, or has problems.
 */
export function newNames(
  desired: Desired | null,
  memory: ReadonlyMap<string, WorkloadMemory>,
): Map<string, string> {
  const all = desired === null ? [] : [...desired.workloads, ...desired.invalid];
  const names = new Set(all.map((one) => one.name));
  const known = [...memory.values()].filter(({ name }) => names.has(name)).map((one) => [one.formerName, one.name]);
  const asked = (desired?.workloads ?? []).map((one) => [one.movedFrom, one.name]);
  return new Map(
    [...known, ...asked].filter((one): one is [string, string] => typeof one[0] === "string" && !names.has(one[0])),
  );
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
