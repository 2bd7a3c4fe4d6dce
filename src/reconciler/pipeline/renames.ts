/** Workloads that git gave another name (`moved_from`): what is here under the old one is taken for theirs. */
import type { Desired } from "../../model/desired.ts";
import { newState, type WorkloadState } from "../../model/workload_state.ts";
import type { Observation } from "../../model/instance.ts";

/**
 * New names by old ones. An old name that is still somebody's is no old name. What was taken over once stays so while
 * anything may run under the old name, also when its manifest says nothing of it any more, or has problems.
 */
export function renames(
  desired: Desired | null,
  states: ReadonlyMap<string, WorkloadState>,
): Map<string, string> {
  const all = desired === null ? [] : [...desired.workloads, ...desired.invalid];
  const names = new Set(all.map((spec) => spec.name));
  const known = [...states.values()].filter(({ name }) => names.has(name)).map((
    state,
  ) => [state.formerName, state.name]);
  const asked = (desired?.workloads ?? []).map((spec) => [spec.movedFrom, spec.name]);
  return new Map(
    [...known, ...asked].filter((one): one is [string, string] => typeof one[0] === "string" && !names.has(one[0])),
  );
}

/** The same instances, each as one of the workload that has its name now. */
export function withRenames(
  observations: readonly Observation[],
  names: ReadonlyMap<string, string>,
): Observation[] {
  if (names.size === 0) return [...observations];
  return observations.map((observation) =>
    observation.ok
      ? {
        ...observation,
        instances: observation.instances.map((instance) => {
          const name = names.get(instance.workload);
          return name === undefined ? instance : { ...instance, workload: name, formerName: instance.workload };
        }),
      }
      : observation
  );
}

/** What is remembered under the old name, as the new one's; null when there is nothing to take over. */
export function renamedState(
  states: ReadonlyMap<string, WorkloadState>,
  { from, to }: { from: string; to: string },
): WorkloadState | null {
  const old = states.get(from);
  if (old === undefined) return null;
  const known = states.get(to) ?? newState(to);
  return known.applied === null ? { ...old, name: to, formerName: from } : { ...known, formerName: from };
}
