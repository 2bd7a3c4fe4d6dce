/**
 * What may be removed because the repository no longer holds it, and what waits for the owner's word. Removing is the
 * one thing that a mistake in git must not be able to do quickly.
 */
import type { Desired } from "../../../model/desired.ts";
import type { WorkloadState } from "../../../model/workload_state.ts";
import { graceText } from "./grace_period.ts";

export interface PruneInput {
  desired: Desired;
  /** Workloads that have instances on the device. */
  present: readonly string[];
  /** Why the whole source is in doubt (another URL, another device name), or null. */
  doubt: string | null;
  /** Why nothing is removed at this time, or null. */
  closed: string | null;
  /** Until when each of these stays after it has gone, in ms since 1970. */
  grace: ReadonlyMap<string, number>;
  /** By name, what was said of a removal in the manifests that are gone. */
  guards: ReadonlyMap<string, "stop" | "keep">;
  /** The revision for which the owner said "yes, remove". */
  confirmed: string | null;
}

export interface Prune {
  allowed: string[];
  /** Of those that are held, which are stopped. */
  stopped: string[];
  held: { names: string[]; message: string } | null;
}

/** From this many on, and when they are half of what is here, removals are held. Two or less is everyday work. */
const MANY = 3;

/** Every name of `present` that is not desired is in exactly one of `allowed` and `held`. A guard holds its own alone. */
export function prune(input: PruneInput): Prune {
  const { desired, present } = input;
  const wanted = new Set([...desired.workloads, ...desired.invalid].map((spec) => spec.name));
  const names = present.filter((name) => !wanted.has(name)).sort();
  if (names.length === 0) return { allowed: [], stopped: [], held: null };

  const hold = (message: string): Prune => ({ allowed: [], stopped: [], held: { names, message } });
  if (desired.invalid.length > 0) {
    const files = desired.invalid.map((manifest) => manifest.path).join(", ");
    return hold(`nothing is removed by a revision with a manifest that has problems (${files})`);
  }
  if (input.confirmed === desired.revision) return { allowed: names, stopped: [], held: null };
  if (input.closed !== null) return hold(input.closed);
  if (input.doubt !== null) return hold(input.doubt);
  if (desired.workloads.length === 0) return hold("the revision asks for no workload at all");
  if (names.length >= MANY && names.length * 2 >= present.length) {
    return hold(`the revision removes ${names.length} of ${present.length} workloads`);
  }
  const waiting = names.filter((name) => input.grace.has(name) && !input.guards.has(name));
  const guarded = names.filter((name) => input.guards.has(name));
  const message = `${guarded.length === 1 ? "its manifest" : "their manifests"} said prune = ${
    [...new Set(guarded.map((name) => `"${input.guards.get(name)}"`))].join(" and ")
  }`;
  const why = [...guarded.length === 0 ? [] : [message], ...waiting.length === 0 ? [] : [graceText(input.grace)]];
  return {
    allowed: names.filter((name) => !input.guards.has(name) && !waiting.includes(name)),
    stopped: guarded.filter((name) => input.guards.get(name) === "stop"),
    held: why.length === 0 ? null : { names: [...guarded, ...waiting].sort(), message: why.join("; ") },
  };
}

/** As they were last applied: what is gone cannot be asked any more. */
export function removalGuards(states: ReadonlyMap<string, WorkloadState>): Map<string, "stop" | "keep"> {
  return new Map([...states].flatMap(([name, { applied }]) => {
    const guard = applied?.workload.prune;
    return guard === undefined ? [] : [[name, guard]];
  }));
}
