/** Drift: changes of an instance by hand, and their repair, which backs off when the changes come back. */
import type { DriftState, WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import type { Blocked } from "./blocked.ts";

/** Repairs within `WINDOW_MS` after which repairs stop: somebody changes the instance on purpose. */
const MAX_REPAIRS = 3;
const WINDOW_MS = 10 * 60_000;

/** Describes how an instance was changed by hand since its start, in a sentence; null for no change. */
export function detectManualChange(instance: Instance): string | null {
  if (instance.state === "created") return "was created and never started";
  if (instance.state === "paused") return "was paused by hand";
  if (instance.state === "running") return instance.altered ?? null;
  return instance.stoppedByHand === true ? "was stopped by hand" : null;
}

/**
 * True when somebody other than HarborNode removed the container of a slot: the slot was started with the applied
 * fingerprint, and nothing is left of it. A native process proves nothing, since it does not survive a reboot.
 */
export function wasRemovedExternally(
  spec: Workload,
  { slot, fingerprint, state }: { slot: number; fingerprint: string; state: WorkloadState | undefined },
): boolean {
  return spec.runtime === "docker" && state?.applied?.fingerprint === fingerprint &&
    state.slots[slot]?.fingerprint === fingerprint;
}

/** Returns why drift is not repaired now, and the state to persist with that; null when it may be repaired. */
export function repairBackoff(
  { message, fingerprint, drift, now }: {
    message: string;
    fingerprint: string;
    drift: DriftState | undefined;
    now: number;
  },
): { blocked: Blocked; drift: DriftState } | null {
  const repairs = drift?.repairs ?? [];
  const isBackingOff = drift?.heldFor === fingerprint || recentRepairs(repairs, now).length >= MAX_REPAIRS;
  if (!isBackingOff) return null;
  const backoff = `was put right ${MAX_REPAIRS} times in 10 minutes and is left alone now`;
  return {
    blocked: { reason: "repair_limit", message: `${message}; ${backoff}` },
    drift: { repairs, heldFor: fingerprint },
  };
}

/** Returns the drift state after a repair at `at`. */
export function recordRepair(drift: DriftState | undefined, at: number): DriftState {
  return { repairs: [...recentRepairs(drift?.repairs ?? [], at), at] };
}

function recentRepairs(repairs: readonly number[], now: number): number[] {
  return repairs.filter((at) => at > now - WINDOW_MS && at <= now);
}
