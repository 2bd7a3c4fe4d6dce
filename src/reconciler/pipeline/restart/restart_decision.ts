/** Restart decision: whether an instance is started again, and when. */
import type { SlotState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
import type { RestartPolicy } from "../../../model/workload.ts";
import { backoff, type BackoffCurve, spread } from "./backoff.ts";

export type RestartDecision =
  | { type: "completed" }
  /** `limit`: the limit of restarts is reached; `policy`: the restart policy asks for no restart. */
  | { type: "failed"; because: "policy" | "limit" }
  /**
   * The delay begins at `from` and ends at `at` (`delayUntil`): a time `at` in the past means that the restart is due, and
   * so does a time `from` in the future. `streak` is that of the slot state after the start.
   */
  | { type: "again"; at: number; from: number; streak: number };

/**
 * Decides whether an instance that ended is started again. An unknown exit code counts as a failure. Independent of the
 * present time: `at` follows from when the instance ended.
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

/** Decides the same for an unhealthy instance that runs and has to be replaced: delays count from its start. */
export function restartOfUnhealthy(
  policy: RestartPolicy,
  instance: Instance,
  slotState: SlotState | undefined,
): RestartDecision {
  return again(policy, instance, { slotState, from: instance.startedAt ?? 0 });
}

/** True when the exit code is one of the success codes of the policy. */
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
  /** Time of the start, in ms since 1970. */
  at: number;
}

/**
 * Returns the slot state after a start. Counts a restart only when the same spec was started again because its instance
 * ended or was unhealthy; any other start (new spec, operator's restart, lost instance) resets the counters.
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
    // Only a limit needs the times.
    recent: policy.maxRestarts === null ? [] : [...same?.recent ?? [], at].slice(-Math.max(1, policy.maxRestarts)),
  };
}

function curveOf(policy: RestartPolicy): BackoffCurve {
  const { delayMs, maxDelayMs, factor, jitter } = policy;
  return { firstMs: delayMs, factor, maxMs: maxDelayMs, jitter };
}
