/** What the device remembers of a workload, over restarts of the daemon. Losing it never stops what runs. */
import type { Override } from "./override.ts";
import type { ReasonCode } from "./reason.ts";
import type { RolloutState, StableVersion } from "./rollout.ts";
import type { RuntimeName, Workload } from "./workload.ts";

/** The spec that was last carried out whole: what an invalid manifest and a boot without network fall back to. */
export interface Applied {
  workload: Workload;
  fingerprint: string;
  revision: string;
  /** The runtime that it would have run in, had that answered. */
  fellBackFrom?: RuntimeName;
}

/** How a slot has been doing since it got its fingerprint. */
export interface SlotState {
  fingerprint: string;
  /** Where the last start was begun; written down before it, so that nothing is started elsewhere beside it. */
  runtime?: RuntimeName;
  /** Starts that followed an exit. */
  restarts: number;
  /** Of those, how many in a row came soon after the start before: what the delay grows with. */
  streak: number;
  /** Of the exit that the last start followed, so that one exit is counted once. */
  lastExitCode: number | null;
  /** When the last restarts were, in ms since 1970, oldest first; as many as a limit may need. */
  recent: number[];
  /** How many starts that an instance made by itself are counted in. */
  respawned?: { id: string; count: number };
  /** Set when it was stopped for good and why: it is not started again before something changes. */
  halted?: ReasonCode;
}

/** A run of a job, or one that was due and did not take place. Times in ms since 1970. */
export interface JobRun {
  dueAt: number;
  fingerprint: string;
  /** Null for one that was skipped. */
  instanceId: string | null;
  startedAt: number | null;
  endedAt: number | null;
  exitCode: number | null;
  /** Set right before it is stopped so that another one takes its place. */
  isReplaced?: boolean;
  /** Set right before it is stopped with all others: the machine goes down, or the owner said so. */
  isStopped?: boolean;
  outcome: "running" | "succeeded" | "failed" | "timeout" | "replaced" | "stopped" | "skipped";
}

export interface JobState {
  /** Up to when the schedule has been looked at: what was due until then has run, or never will. */
  seenUntil: number;
  /** The last runs, oldest first. */
  runs: JobRun[];
}

/** Repairs of what was changed by hand. */
export interface DriftState {
  /** When the last ones were, in ms since 1970, oldest first. */
  repairs: number[];
  /** Set when there were too many: nothing is repaired before something changes, or the owner asks for a restart. */
  heldFor?: string;
}

/** What the tag of its image stands for, of a workload that follows it. */
export interface ImageState {
  /** The image as its manifest names it: of another one nothing here counts. */
  reference: string;
  /** What it stood for when the first container was made of it, "sha256:..."; null where that is not known. */
  base: string | null;
  /** What it was last taken to; null: `base`. */
  digest: string | null;
  /** What the registry has in its place, and since when (ms since 1970) that is known. */
  seen?: { digest: string; at: number };
}

export interface WorkloadState {
  name: string;
  applied: Applied | null;
  slots: Record<string, SlotState>;
  job?: JobState;
  rollouts?: RolloutState;
  /** Set while something may still be here under the name that it had before. */
  formerName?: string;
  drift?: DriftState;
  image?: ImageState;
  /** Since when git no longer holds it, in ms since 1970; only where it stays for a while. */
  goneSince?: number | null;
  /** What the operator decided on the device; in force until its end, or until it is resumed. The file calls it `hold`. */
  override?: Override;
  /** Ports that the device chose, by slot and index of the port ("0/1"). */
  ports?: Record<string, number>;
}

/** Specs that what runs, or may have to run again, is made of: their files, artifacts and images stay. */
export function retainedSpecs({ applied, rollouts }: WorkloadState): Workload[] {
  return [...applied === null ? [] : [applied.workload], ...(rollouts?.versions ?? []).map(asHealthy)];
}

/** A version is of the image that its name stood for then. */
function asHealthy({ workload, imageId }: StableVersion): Workload {
  return workload.runtime === "docker" && imageId !== undefined ? { ...workload, pinnedImage: imageId } : workload;
}

export function newState(name: string): WorkloadState {
  return { name, applied: null, slots: {} };
}
