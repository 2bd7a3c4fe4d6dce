/** When to look at the repository again. */
import type { Failure } from "../failure.ts";

/** Devices of a fleet that booted together drift apart by this share of the interval, in both directions. */
const JITTER = 0.1;

/** A repository that comes back after an outage is noticed within this. */
const MAX_BACKOFF_MS = 15 * 60_000;
/** For short intervals the cap is this many of them, so that a device under test does not fall asleep. */
const MAX_BACKOFF_INTERVALS = 10;

/** Refused credentials are not mended by asking again, and forges lock out who asks often. */
const REFUSED_MS = 5 * 60_000;

/** No server silences a device for longer. */
const MAX_RETRY_AFTER_MS = 24 * 3600_000;

export interface PollState {
  intervalMs: number;
  /** In a row, the last one included. */
  failures: number;
  /** Of the last look; null when it succeeded. */
  failure: Failure | null;
  /** 0 to 1, evenly spread. */
  jitter: number;
}

/** Milliseconds from now until the next look. */
export function nextPollInterval({ intervalMs, failures, failure, jitter }: PollState): number {
  const spread = 1 - JITTER + 2 * JITTER * jitter;
  const delayMs = Math.round(delay(intervalMs, failures, failure) * spread);
  if (failure?.retryAfterMs === undefined) return delayMs;
  // Asked to wait, a device is late rather than early.
  const asked = Math.min(failure.retryAfterMs, MAX_RETRY_AFTER_MS);
  return Math.max(delayMs, Math.round(asked * (1 + JITTER * jitter)));
}

function delay(intervalMs: number, failures: number, failure: Failure | null): number {
  switch (failure?.kind) {
    case undefined:
    case "mistake":
    case "waiting":
      return intervalMs;
    case "refused":
      return Math.max(intervalMs, REFUSED_MS);
    case "transient": {
      const cap = Math.max(intervalMs, Math.min(MAX_BACKOFF_MS, MAX_BACKOFF_INTERVALS * intervalMs));
      return Math.min(cap, intervalMs * 2 ** Math.max(0, failures - 1));
    }
  }
}
