/** Renames: workloads that git gave another name (`moved_from`) take over the instances and the state of the old one. */
import type { Desired } from "../../model/desired.ts";
import { newState, type WorkloadState } from "../../model/workload_state.ts";
import type { Observation } from "../../model/instance.ts";

/**
 * Maps old names to new ones. A name that another workload has now is not an old name. A recorded rename stays in force
 * while anything may run under the old name, even when the manifest no longer mentions it or has problems.
 */
export function renames(
  desired: Desired | null,
  states: ReadonlyMap<string, WorkloadState>,
): Map<string, string> {
  const all = desired === null ? [] : [...desired.workloads, ...desired.invalid];
  const names = new Set(all.map((spec) => spec.name));
  const recorded = [...states.values()].filter(({ name }) => names.has(name))
    .map(({ formerName, name }) => [formerName, name]);
  const requested = (desired?.workloads ?? []).map(({ movedFrom, name }) => [movedFrom, name]);
  const isRename = (pair: (string | null | undefined)[]): pair is [string, string] =>
    typeof pair[0] === "string" && !names.has(pair[0]);
  return new Map([...recorded, ...requested].filter(isRename));
}

/** Returns the observations with every instance assigned to the present name of its workload. */
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

/** Returns the state of the new name after a rename; null when the old name has no state. */
export function renamedState(
  states: ReadonlyMap<string, WorkloadState>,
  { from, to }: { from: string; to: string },
): WorkloadState | null {
  const old = states.get(from);
  if (old === undefined) return null;
  const known = states.get(to) ?? newState(to);
  return known.applied === null ? { ...old, name: to, formerName: from } : { ...known, formerName: from };
}
