/** What is remembered of taking a workload from one spec to another. Losing it never stops what runs. */
import type { ReasonCode } from "./reason.ts";
import type { Workload } from "./workload.ts";

/** A spec that was healthy, whole: to go back to it needs neither git nor a registry. Times are in ms since 1970. */
export interface Version {
  workload: Workload;
  fingerprint: string;
  /** The revision that it came with first. */
  revision: string;
  healthyAt: number;
  /** Docker: what its image stood for then. */
  imageId?: string;
}

/** A rollout that has begun to touch instances and has not come to its end. */
export interface UnderWay {
  fingerprint: string;
  revision: string;
  reason: ReasonCode;
  message: string;
  startedAt: number;
  /** Set when it did not become healthy in time and there is nothing to go back to: it goes on being supervised. */
  failed?: { reason: ReasonCode; message: string };
}

/** What git asks for and this device does not run: quarantined, until git asks for something else. */
export interface Refusal {
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

export interface RolloutMemory {
  underWay?: UnderWay;
  refused?: Refusal;
  /** Newest last. */
  versions: Version[];
  /** Newest last. */
  history: RolloutRecord[];
}

/** What runs, and two to go back to: each may hold an image on a small card. */
export const KEPT_VERSIONS = 3;
export const KEPT_HISTORY = 20;

export const NO_ROLLOUTS: RolloutMemory = { versions: [], history: [] };

/**
 * A rollout to `fingerprint` that is about to touch its first instance; null when there is none to begin: it was healthy
 * before, or is under way, or is the way back. To be written down before anything is touched.
 */
export function withBegun(rollouts: RolloutMemory, begun: Omit<UnderWay, "failed">): RolloutMemory | null {
  const { fingerprint } = begun;
  const isKnown = rollouts.underWay?.fingerprint === fingerprint || rollouts.refused?.target === fingerprint ||
    rollouts.versions.at(-1)?.fingerprint === fingerprint;
  return isKnown ? null : { ...rollouts, underWay: begun };
}

/** The version that a failed rollout of `fingerprint` goes back to; undefined when there is none. */
export function versionBefore({ versions }: RolloutMemory, fingerprint: string): Version | undefined {
  return versions.findLast((one) => one.fingerprint !== fingerprint);
}

/** `version` as the newest one. One of the same fingerprint is replaced, and keeps its revision. */
export function withVersion(versions: readonly Version[], version: Version): Version[] {
  const known = versions.find((one) => one.fingerprint === version.fingerprint);
  const others = versions.filter((one) => one !== known);
  return [...others, { ...version, revision: known?.revision ?? version.revision }].slice(-KEPT_VERSIONS);
}

export function withRecord(history: readonly RolloutRecord[], record: RolloutRecord): RolloutRecord[] {
  return [...history, record].slice(-KEPT_HISTORY);
}
