/** Should an instance that ended be started again, and when. */
import type { SlotState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
import type { RestartPolicy } from "../../../model/workload.ts";
import { backoff, type BackoffCurve, spread } from "./backoff.ts";

export type RestartDecision =
  | { type: "completed" }
  /** `limit`: it ended more often than it may; else its policy asks for no restart. */
  | { type: "failed"; because: "policy" | "limit" }
  /** `at` may be in the past: then it is due, as it is when `from`, which it counts from, is in the future. `streak` is what the slot's memory holds after that start. */
  | { type: "again"; at: number; from: number; streak: number };

/**
 * An exit whose code could not be learned counts as a failure. Never looks at the clock: `at` follows from when the
 * instance ended.
 */
export function restartAfter(
  policy: RestartPolicy,
  instance: Instance,
  slotState: SlotState | undefined,
): RestartDecision {
  const success = isSuccess(policy, instance);
  if (policy.when === "never" || (policy.when === "on-failure" && success)) {
    return success ? { type: "completed" } : { type: "failed", because: "policy" };
  }
  return again(policy, instance, { slotState, from: instance.endedAt ?? instance.startedAt ?? 0 });
}

/** The same for one that runs and must be replaced: delays count from its start. */
export function restartOfUnhealthy(
  policy: RestartPolicy,
  instance: Instance,
  slotState: SlotState | undefined,
): RestartDecision {
  return again(policy, instance, { slotState, from: instance.startedAt ?? 0 });
}

export function isSuccess(policy: RestartPolicy, { exitCode }: Instance): boolean {
  return exitCode === 0 || (exitCode !== null && policy.successExitCodes.includes(exitCode));
}

function again(
  policy: RestartPolicy,
  instance: Instance,
  { slotState, from }: { slotState: SlotState | undefined; from: number },
): RestartDecision {
  const known = slotState !== undefined && slotState.fingerprint === instance.fingerprint ? slotState : null;
  const inWindow = (known?.recent ?? []).filter((at) => at > from - policy.windowMs && at <= from).length;
  if (policy.maxRestarts !== null && inWindow >= policy.maxRestarts) return { type: "failed", because: "limit" };
  const started = instance.startedAt ?? 0;
  const ran = (instance.endedAt ?? started) - started;
  const streak = known !== null && ran < policy.resetAfterMs ? known.streak : 0;
  const delay = backoff(curveOf(policy), streak, spread(instance.workload, instance.slot, streak));
  return { type: "again", at: from + delay, from, streak: streak + 1 };
}

export interface Started {
  fingerprint: string;
  reason: string;
  previous: Instance | null;
  /** When, in ms since 1970. */
  at: number;
}

/**
 * What a slot remembers after a start. Counts a restart only when the same spec was started again because it ended or
 * was unhealthy; any other start (new spec, owner's wish, lost instance) begins anew.
 */
export function slotAfterStart(policy: RestartPolicy, start: Started, before: SlotState | undefined): SlotState {
  const { fingerprint, previous, at } = start;
  const restart = previous === null
    ? null
    : start.reason === "exited"
    ? restartAfter(policy, previous, before)
    : start.reason === "unhealthy"
    ? restartOfUnhealthy(policy, previous, before)
    : null;
  if (restart?.type !== "again") return { fingerprint, restarts: 0, streak: 0, lastExitCode: null, recent: [] };
  const same = before?.fingerprint === fingerprint ? before : null;
  return {
    fingerprint,
    restarts: (same?.restarts ?? 0) + 1,
    streak: restart.streak,
    lastExitCode: previous?.exitCode ?? null,
    // Without a limit nobody asks.
    recent: policy.maxRestarts === null ? [] : [...same?.recent ?? [], at].slice(-Math.max(1, policy.maxRestarts)),
  };
}

function curveOf(policy: RestartPolicy): BackoffCurve {
  const { delayMs, maxDelayMs, factor, jitter } = policy;
  return { firstMs: delayMs, factor, maxMs: maxDelayMs, jitter };
}
