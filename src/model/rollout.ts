/** What is remembered of taking a workload from one spec to another. Losing it never stops what runs. */
import type { ReasonCode } from "./reason.ts";
import type { Workload } from "./workload.ts";

/** A spec that was healthy, whole: to go back to it needs neither git nor a registry. Times are in ms since 1970. */
export interface StableVersion {
  workload: Workload;
  fingerprint: string;
  /** The revision that it came with first. */
  revision: string;
  healthyAt: number;
  /** Docker: what its image stood for then. */
  imageId?: string;
}

/** A rollout that has begun to touch instances and has not come to its end. */
export interface ActiveRollout {
  fingerprint: string;
  revision: string;
  reason: ReasonCode;
  message: string;
  startedAt: number;
  /** Set when it did not become healthy in time and there is nothing to go back to: it goes on being supervised. */
  failed?: { reason: ReasonCode; message: string };
}

/** What git asks for and this device does not run: quarantined, until git asks for something else. */
export interface QuarantinedSpec {
  /** Of the spec that is refused: all of it that a rollout depends on (`rolloutDigest`). */
  digest: string;
  fingerprint: string;
  revision: string;
  /** The fingerprint of the version that runs in its place. */
  target: string;
  by: "health" | "owner" | "revision";
  reason: ReasonCode;
  message: string;
  at: number;
  /** Of the way back. `failed`: the version before did not become healthy either, and nothing else is tried. */
  state: "going-back" | "back" | "failed";
}

/** A revision that is rolled back as a whole. */
export interface QuarantinedRevision {
  revision: string;
  /** One sentence without a final period. */
  message: string;
}

/** One rollout that came to its end, for people. */
export interface RolloutRecord {
  fingerprint: string;
  revision: string;
  startedAt: number;
  endedAt: number;
  outcome: "healthy" | "rolled-back" | "failed" | "superseded";
  /** Why it was begun, or why it failed. */
  reason: ReasonCode;
  message: string;
  /** Of one that failed: the last output and the last probes of the instance that failed. */
  evidence?: { lines: string[]; probes: string[] };
}

export interface RolloutState {
  underWay?: ActiveRollout;
  refused?: QuarantinedSpec;
  /** Newest last. */
  versions: StableVersion[];
  /** Newest last. */
  history: RolloutRecord[];
}

/** What runs, and two to go back to: each may hold an image on a small card. */
export const MAX_STABLE_VERSIONS = 3;
export const MAX_ROLLOUT_HISTORY = 20;

export const NO_ROLLOUTS: RolloutState = { versions: [], history: [] };

/**
 * A rollout to `fingerprint` that is about to touch its first instance; null when there is none to begin: it was healthy
 * before, or is under way, or is the way back. To be written down before anything is touched.
 */
export function beginRollout(rollouts: RolloutState, begun: Omit<ActiveRollout, "failed">): RolloutState | null {
  const { fingerprint } = begun;
  const isKnown = rollouts.underWay?.fingerprint === fingerprint || rollouts.refused?.target === fingerprint ||
    rollouts.versions.at(-1)?.fingerprint === fingerprint;
  return isKnown ? null : { ...rollouts, underWay: begun };
}

/** The version that a failed rollout of `fingerprint` goes back to; undefined when there is none. */
export function previousStable({ versions }: RolloutState, fingerprint: string): StableVersion | undefined {
  return versions.findLast((version) => version.fingerprint !== fingerprint);
}

/** `version` as the newest one. One of the same fingerprint is replaced, and keeps its revision. */
export function addStableVersion(versions: readonly StableVersion[], version: StableVersion): StableVersion[] {
  const known = versions.find((one) => one.fingerprint === version.fingerprint);
  const others = versions.filter((one) => one !== known);
  return [...others, { ...version, revision: known?.revision ?? version.revision }].slice(-MAX_STABLE_VERSIONS);
}

export function addRolloutRecord(history: readonly RolloutRecord[], record: RolloutRecord): RolloutRecord[] {
  return [...history, record].slice(-MAX_ROLLOUT_HISTORY);
}
