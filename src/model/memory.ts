/** What the device remembers of a workload, over restarts of the daemon. Losing it never stops what runs. */
import type { Workload } from "./workload.ts";

/** The spec that was last carried out whole: what an invalid manifest and a boot without network fall back to. */
export interface Applied {
  workload: Workload;
  fingerprint: string;
  revision: string;
}

/** How a slot has been doing since it got its fingerprint. */
export interface SlotMemory {
  fingerprint: string;
  /** Starts that followed an exit. */
  restarts: number;
  /** Of those, how many in a row came soon after the start before: what the delay grows with. */
  streak: number;
  /** Of the exit that the last start followed, so that one exit is counted once. */
  lastExitCode: number | null;
}

export interface WorkloadMemory {
  name: string;
  applied: Applied | null;
  slots: Record<string, SlotMemory>;
}

export function emptyMemory(name: string): WorkloadMemory {
  return { name, applied: null, slots: {} };
}
