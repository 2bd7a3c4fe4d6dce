/** What keeps a device from running what git asks for, though its manifest is valid: the owner, a secret, the time. */
import type { Desired } from "../../../model/desired.ts";
import { fingerprint, isSameSpec, rolloutDigest } from "../../../model/fingerprint.ts";
import type { Instance } from "../../../model/instance.ts";
import type { Workload } from "../../../model/workload.ts";
import { CLOCK_CHECK_MS } from "./clock_sync.ts";
import type { Gated } from "../resolve_workloads.ts";
import { activeOverride } from "./active_override.ts";
import { type OutsideWindow, windowClosedBy } from "./window_gate.ts";
import type { PlanInput } from "../plan_input.ts";

export interface GateContext {
  input: PlanInput;
  desired: Desired;
  byWorkload: ReadonlyMap<string, readonly Instance[]>;
  /** What the owner's policy says of a spec. */
  refuse(spec: Workload): Gated | null;
  /** Told when it may be run after all. */
  due(at: number): void;
}

/** Null for what may be run; else the first thing that is in the way. */
export function gateFor(desired: Workload, scene: GateContext): Gated | null {
  return scene.refuse(desired) ?? scene.desired.unresolved?.get(desired.name) ??
    outsideWindow(desired, scene);
}

/** Of removals. */
export function removalWindowClosed(input: PlanInput): OutsideWindow | null {
  const { windows, now } = input;
  return windows === null ? null : closedForClock(windows.length, input) ?? windowClosedBy([windows], now);
}

/** By a clock that is wrong nobody knows whether a window is open. */
function closedForClock(count: number, input: PlanInput): OutsideWindow | null {
  const doubt = count === 0 ? null : input.clockDoubt ?? null;
  return doubt === null
    ? null
    : { until: input.now + CLOCK_CHECK_MS, message: `a change waits for the maintenance window: ${doubt}` };
}

/**
 * What runs is changed in a window alone. What does not run yet is started at any time, and a rollout that has begun
 * comes to its end.
 */
function outsideWindow(desired: Workload, { input, byWorkload, due }: GateContext): Gated | null {
  const { windows, states, now } = input;
  if (windows === null || (windows.length === 0 && desired.windows.length === 0)) return null;
  const { applied = null, rollouts } = states.get(desired.name) ?? {};
  if (activeOverride(desired.name, input) !== null) return null;
  const wanted = fingerprint(desired);
  const instances = byWorkload.get(desired.name) ?? [];
  const isChange = applied === null
    ? instances.length > 0 && !instances.some((instance) => instance.fingerprint === wanted)
    : !isSameSpec(applied.workload, desired);
  const hasBegun = rollouts?.underWay?.fingerprint === wanted || rollouts?.refused?.digest === rolloutDigest(desired);
  if (!isChange || hasBegun) return null;
  const closed = closedForClock(windows.length + desired.windows.length, input) ??
    windowClosedBy([windows, desired.windows], now);
  if (closed === null) return null;
  if (closed.until !== null) due(closed.until);
  return {
    reason: "outside_window",
    message: closed.message,
    hint: '"harbornode sync --force" does not wait for it',
  };
}
