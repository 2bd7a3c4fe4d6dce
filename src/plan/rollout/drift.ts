/** What was changed by hand, and whether it is put right: not again and again against somebody who means it. */
import type { DriftMemory, WorkloadMemory } from "../../model/memory.ts";
import type { Instance } from "../../model/observed.ts";
import type { Workload } from "../../model/workload.ts";
import type { Blocked } from "../admission.ts";

const MOST_REPAIRS = 3;
const WINDOW_MS = 10 * 60_000;

/** What differs from what was started, in a sentence; null for nothing that anybody did by hand. */
export function driftOf(instance: Instance): string | null {
  if (instance.state === "created") return "was created and never started";
  if (instance.state === "paused") return "was paused by hand";
  if (instance.state === "running") return instance.altered ?? null;
  return instance.stoppedByHand === true ? "was stopped by hand" : null;
}

/**
 * A container that was started as it is to be, and is gone, was taken away by hand. A process may be gone because the
 * device was restarted.
 */
export function isTakenAway(
  spec: Workload,
  { slot, fingerprint, memory }: { slot: number; fingerprint: string; memory: WorkloadMemory | undefined },
): boolean {
  return spec.runtime === "docker" && memory?.applied?.fingerprint === fingerprint &&
    memory.slots[slot]?.fingerprint === fingerprint;
}

/** Null when it may be put right. */
export function heldRepair(
  { message, fingerprint, drift, now }: {
    message: string;
    fingerprint: string;
    drift: DriftMemory | undefined;
    now: number;
  },
): { blocked: Blocked; drift: DriftMemory } | null {
  const repairs = drift?.repairs ?? [];
  const isHeld = drift?.heldFor === fingerprint || recent(repairs, now).length >= MOST_REPAIRS;
  if (!isHeld) return null;
  const why = `was put right ${MOST_REPAIRS} times in 10 minutes and is left alone now`;
  return {
    blocked: { reason: "drift_held", message: `${message}; ${why}` },
    drift: { repairs, heldFor: fingerprint },
  };
}

/** After a repair at `at`. */
export function withRepair(drift: DriftMemory | undefined, at: number): DriftMemory {
  return { repairs: [...recent(drift?.repairs ?? [], at), at] };
}

function recent(repairs: readonly number[], now: number): number[] {
  return repairs.filter((at) => at > now - WINDOW_MS && at <= now);
}
