/**
 * Prune guards: decide which workloads that git deleted are removed, and which removals wait for the operator. A mistake
 * in git must not remove anything quickly.
 */
import type { Desired } from "../../../model/desired.ts";
import type { WorkloadState } from "../../../model/workload_state.ts";
import { graceText } from "./grace_period.ts";

export interface PruneInput {
  desired: Desired;
  /** Workloads that have instances on the device. */
  present: readonly string[];
  /** Reason to doubt the repository (another URL, another device name); null for none. */
  doubt: string | null;
  /** Reason why nothing is removed at this time; null for none. */
  closed: string | null;
  /** End of the grace period by workload name, in ms since 1970. */
  grace: ReadonlyMap<string, number>;
  /** `prune` setting of the deleted manifests, by workload name. */
  guards: ReadonlyMap<string, "stop" | "keep">;
  /** Revision whose removals the operator confirmed; null for none. */
  confirmed: string | null;
}

/** Removals that wait for the operator, a window or the end of a grace period. */
export interface PendingRemoval {
  names: string[];
  message: string;
}

export interface Prune {
  allowed: string[];
  /** Pending removals whose instances are stopped already. */
  stopped: string[];
  pending: PendingRemoval | null;
}

/** Removals that wait for the operator when they are also half of all workloads. Two or fewer are everyday work. */
const MANY = 3;

/** Puts every name of `present` that is not desired into either `allowed` or `pending`. A guard affects only its own workload. */
export function prune(input: PruneInput): Prune {
  const { desired, present } = input;
  const desiredNames = new Set([...desired.workloads, ...desired.invalid].map((spec) => spec.name));
  const names = present.filter((name) => !desiredNames.has(name)).sort();
  if (names.length === 0) return { allowed: [], stopped: [], pending: null };

  const defer = (message: string): Prune => ({ allowed: [], stopped: [], pending: { names, message } });
  if (desired.invalid.length > 0) {
    const files = desired.invalid.map((manifest) => manifest.path).join(", ");
    return defer(`nothing is removed by a revision with a manifest that has problems (${files})`);
  }
  if (input.confirmed === desired.revision) return { allowed: names, stopped: [], pending: null };
  if (input.closed !== null) return defer(input.closed);
  if (input.doubt !== null) return defer(input.doubt);
  if (desired.workloads.length === 0) return defer("the revision asks for no workload at all");
  if (names.length >= MANY && names.length * 2 >= present.length) {
    return defer(`the revision removes ${names.length} of ${present.length} workloads`);
  }
  const inGrace = names.filter((name) => input.grace.has(name) && !input.guards.has(name));
  const guarded = names.filter((name) => input.guards.has(name));
  const settings = [...new Set(guarded.map((name) => `"${input.guards.get(name)}"`))].join(" and ");
  const guard = `${guarded.length === 1 ? "its manifest" : "their manifests"} said prune = ${settings}`;
  const messages = [...guarded.length === 0 ? [] : [guard], ...inGrace.length === 0 ? [] : [graceText(input.grace)]];
  return {
    allowed: names.filter((name) => !input.guards.has(name) && !inGrace.includes(name)),
    stopped: guarded.filter((name) => input.guards.get(name) === "stop"),
    pending: messages.length === 0 ? null : { names: [...guarded, ...inGrace].sort(), message: messages.join("; ") },
  };
}

/** Returns the `prune` settings of the last applied specs, since deleted manifests can no longer be read. */
export function removalGuards(states: ReadonlyMap<string, WorkloadState>): Map<string, "stop" | "keep"> {
  return new Map([...states].flatMap(([name, { applied }]) => {
    const guard = applied?.workload.prune;
    return guard === undefined ? [] : [[name, guard]];
  }));
}
