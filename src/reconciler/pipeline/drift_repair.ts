/** What was changed by hand, and whether it is put right: not again and again against somebody who means it. */
import type { DriftState, WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import type { Blocked } from "./feasibility.ts";

const MOST_REPAIRS = 3;
const WINDOW_MS = 10 * 60_000;

/** What differs from what was started, in a sentence; null for nothing that anybody did by hand. */
export function detectManualChange(instance: Instance): string | null {
  if (instance.state === "created") return "was created and never started";
  if (instance.state === "paused") return "was paused by hand";
  if (instance.state === "running") return instance.altered ?? null;
  return instance.stoppedByHand === true ? "was stopped by hand" : null;
}

/**
 * A container that was started as it is to be, and is gone, was taken away by hand. A process may be gone because the
 * device was restarted.
 */
export function wasRemovedExternally(
  spec: Workload,
  { slot, fingerprint, state }: { slot: number; fingerprint: string; state: WorkloadState | undefined },
): boolean {
  return spec.runtime === "docker" && state?.applied?.fingerprint === fingerprint &&
    state.slots[slot]?.fingerprint === fingerprint;
}

/** Null when it may be put right. */
export function repairBackoff(
  { message, fingerprint, drift, now }: {
    message: string;
    fingerprint: string;
    drift: DriftState | undefined;
    now: number;
  },
): { blocked: Blocked; drift: DriftState } | null {
  const repairs = drift?.repairs ?? [];
  const isHeld = drift?.heldFor === fingerprint || recent(repairs, now).length >= MOST_REPAIRS;
  if (!isHeld) return null;
  const why = `was put right ${MOST_REPAIRS} times in 10 minutes and is left alone now`;
  return {
    blocked: { reason: "repair_limit", message: `${message}; ${why}` },
    drift: { repairs, heldFor: fingerprint },
  };
}

/** After a repair at `at`. */
export function recordRepair(drift: DriftState | undefined, at: number): DriftState {
  return { repairs: [...recent(drift?.repairs ?? [], at), at] };
}

function recent(repairs: readonly number[], now: number): number[] {
  return repairs.filter((at) => at > now - WINDOW_MS && at <= now);
}
