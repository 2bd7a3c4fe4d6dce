/** What keeps a device from running what git asks for, though its manifest is valid: the owner, a secret, the time. */
import type { Desired } from "../../model/desired.ts";
import { fingerprint, isSameSpec, rolloutDigest } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/observed.ts";
import type { Workload } from "../../model/workload.ts";
import { CLOCK_LOOK_MS } from "./clock_doubt.ts";
import type { Barred } from "../effective.ts";
import { holdOf } from "./holds.ts";
import { type Closed, closedBy } from "./maintenance.ts";
import type { PlanInput } from "../plan_input.ts";

export interface BarScene {
  input: PlanInput;
  desired: Desired;
  byWorkload: ReadonlyMap<string, readonly Instance[]>;
  /** What the owner's policy says of a spec. */
  refuse(spec: Workload): Barred | null;
  /** Told when it may be run after all. */
  due(at: number): void;
}

/** Null for what may be run; else the first thing that is in the way. */
export function barOf(asked: Workload, scene: BarScene): Barred | null {
  return scene.refuse(asked) ?? scene.desired.unresolved?.get(asked.name) ??
    outsideWindow(asked, scene);
}

/** Of removals. */
export function closedNow(input: PlanInput): Closed | null {
  const { windows, now } = input;
  return windows === null ? null : closedForClock(windows.length, input) ?? closedBy([windows], now);
}

/** By a clock that is wrong nobody knows whether a window is open. */
function closedForClock(count: number, input: PlanInput): Closed | null {
  const doubt = count === 0 ? null : input.clockDoubt ?? null;
  return doubt === null
    ? null
    : { until: input.now + CLOCK_LOOK_MS, message: `a change waits for the maintenance window: ${doubt}` };
}

/**
 * What runs is changed in a window alone. What does not run yet is started at any time, and a rollout that has begun
 * comes to its end.
 */
function outsideWindow(asked: Workload, { input, byWorkload, due }: BarScene): Barred | null {
  const { windows, memory, now } = input;
  if (windows === null || (windows.length === 0 && asked.windows.length === 0)) return null;
  const { applied = null, rollouts } = memory.get(asked.name) ?? {};
  if (holdOf(asked.name, input) !== null) return null;
  const wanted = fingerprint(asked);
  const instances = byWorkload.get(asked.name) ?? [];
  const isChange = applied === null
    ? instances.length > 0 && !instances.some((one) => one.fingerprint === wanted)
    : !isSameSpec(applied.workload, asked);
  const hasBegun = rollouts?.underWay?.fingerprint === wanted || rollouts?.refused?.digest === rolloutDigest(asked);
  if (!isChange || hasBegun) return null;
  const closed = closedForClock(windows.length + asked.windows.length, input) ??
    closedBy([windows, asked.windows], now);
  if (closed === null) return null;
  if (closed.until !== null) due(closed.until);
  return {
    reason: "outside_window",
    message: closed.message,
    hint: '"harbornode sync --force" does not wait for it',
  };
}
