/**
 * Stage: gates, which keep a valid manifest from being applied: the device's policy, a missing secret, the maintenance
 * windows, a clock that is wrong. Behind a closed gate the last applied spec stays.
 */
import { fingerprint, isSameSpec, rolloutDigest } from "../../../model/fingerprint.ts";
import type { Workload } from "../../../model/workload.ts";
import type { Gated } from "../blocked.ts";
import { earliest } from "../earliest.ts";
import type { PlanContext, PlanInput } from "../plan_input.ts";
import type { Candidate } from "../resolve_runtime.ts";
import { activeOverride } from "./active_override.ts";
import { CLOCK_CHECK_MS } from "./clock_sync.ts";
import { policyChecker } from "./policy_gate.ts";
import { type OutsideWindow, windowClosedBy } from "./window_gate.ts";

export interface GatedCandidate extends Candidate {
  /** First closed gate; null when all are open. */
  gated: Gated | null;
}

/** Checks the gates of all candidates. `wakeAt` is when the first maintenance window opens that one waits for. */
export function evaluateGates(
  candidates: readonly Candidate[],
  context: PlanContext,
): { candidates: GatedCandidate[]; wakeAt: number | null } {
  const { desired } = context;
  const violationOf = policyChecker(desired.workloads, { ...context, choices: desired.choices });
  const checked = candidates.map((candidate) => {
    const { spec } = candidate;
    const gated = violationOf(spec) ?? desired.unresolved?.get(spec.name) ?? null;
    if (gated !== null) return { candidate: { ...candidate, gated }, wakeAt: null };
    const closed = closedWindow(spec, context);
    return {
      candidate: { ...candidate, gated: closed === null ? null : outsideWindow(closed) },
      wakeAt: closed?.until ?? null,
    };
  });
  return {
    candidates: checked.map(({ candidate }) => candidate),
    wakeAt: earliest(...checked.map(({ wakeAt }) => wakeAt)),
  };
}

/** Returns the closed maintenance window that removals wait for; null when they may take place. */
export function removalWindowClosed(input: PlanInput): OutsideWindow | null {
  const { windows, now } = input;
  return windows === null ? null : closedByClock(windows.length, input) ?? windowClosedBy([windows], now);
}

/** A wrong clock closes every window, since nobody knows which of them is open. */
function closedByClock(count: number, { clockDoubt = null, now }: PlanInput): OutsideWindow | null {
  if (count === 0 || clockDoubt === null) return null;
  return { until: now + CLOCK_CHECK_MS, message: `a change waits for the maintenance window: ${clockDoubt}` };
}

/**
 * Returns the closed window that a change of a running workload waits for. A first start waits for none, and a rollout
 * that has begun is completed.
 */
function closedWindow(spec: Workload, context: PlanContext): OutsideWindow | null {
  const { windows, states, byWorkload, now } = context;
  if (windows === null || (windows.length === 0 && spec.windows.length === 0)) return null;
  // A suspended workload is not changed at all, and an override takes precedence over the windows.
  if (spec.suspend || activeOverride(spec.name, context) !== null) return null;
  const { applied = null, rollouts } = states.get(spec.name) ?? {};
  const wanted = fingerprint(spec);
  const instances = byWorkload.get(spec.name) ?? [];
  const isChange = applied === null
    ? instances.length > 0 && !instances.some((instance) => instance.fingerprint === wanted)
    : !isSameSpec(applied.workload, spec);
  const hasBegun = rollouts?.underWay?.fingerprint === wanted || rollouts?.refused?.digest === rolloutDigest(spec);
  if (!isChange || hasBegun) return null;
  return closedByClock(windows.length + spec.windows.length, context) ?? windowClosedBy([windows, spec.windows], now);
}

function outsideWindow({ message }: OutsideWindow): Gated {
  return { reason: "outside_window", message, hint: '"harbornode sync --force" does not wait for it' };
}
