/** Should an instance that ended be started again, and when. */
import type { Instance } from "../model/observed.ts";
import type { SlotMemory } from "../model/memory.ts";
import type { RestartPolicy } from "../model/workload.ts";
import { backoff, RESTART_CURVE, spread } from "./backoff.ts";

/** After running this long a crash counts as the first again. Ten times the first delay: a slow loop still grows. */
export const STEADY_MS = 10_000;

export type Restart =
  | { type: "completed" }
  | { type: "failed" }
  /** `at` may be in the past: then it is due. `streak` is what the slot's memory holds after that start. */
  | { type: "again"; at: number; streak: number };

/**
 * An exit whose code could not be learned counts as a failure. Never looks at the clock: `at` follows from when the
 * instance ended.
 */
export function restartAfter(policy: RestartPolicy, instance: Instance, memory: SlotMemory | undefined): Restart {
  const success = instance.exitCode === 0;
  if (policy === "never" || (policy === "on-failure" && success)) return { type: success ? "completed" : "failed" };
  const started = instance.startedAt ?? 0;
  const ended = instance.endedAt ?? started;
  const known = memory !== undefined && memory.fingerprint === instance.fingerprint;
  const streak = known && ended - started < STEADY_MS ? memory.streak : 0;
  const delay = backoff(RESTART_CURVE, streak, spread(instance.workload, instance.slot, streak));
  return { type: "again", at: ended + delay, streak: streak + 1 };
}

/**
 * What a slot remembers after a start. Counts a restart only when the same spec was started again because it ended;
 * any other start (new spec, owner's wish, lost instance) begins anew.
 */
export function slotAfterStart(
  policy: RestartPolicy,
  start: { fingerprint: string; reason: string; previous: Instance | null },
  before: SlotMemory | undefined,
): SlotMemory {
  const { fingerprint, previous } = start;
  const restart = start.reason === "exited" && previous !== null ? restartAfter(policy, previous, before) : null;
  if (restart?.type !== "again") return { fingerprint, restarts: 0, streak: 0, lastExitCode: null };
  const counted = before?.fingerprint === fingerprint ? before.restarts : 0;
  return { fingerprint, restarts: counted + 1, streak: restart.streak, lastExitCode: previous?.exitCode ?? null };
}
