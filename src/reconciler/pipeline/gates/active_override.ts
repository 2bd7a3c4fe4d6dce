/** Overrides by the operator: which of them count now, when they end, and what has to be persisted of them. */
import { FAR_BACK_MS } from "../../../model/iso_timestamp.ts";
import { type Override, unlessExpired } from "../../../model/override.ts";
import type { PlanInput } from "../plan_input.ts";
import { CLOCK_CHECK_MS } from "./clock_sync.ts";

/** Returns the override of a workload that counts now; null for none. */
export function activeOverride(name: string, input: PlanInput): Override | null {
  const override = input.states.get(name)?.override;
  return override === undefined ? null : unlessExpired(rebased(override, input), earliestNow(input));
}

/** Returns when a plan has to check the override again; null for never. */
export function overrideDueAt({ until }: Override, input: PlanInput): number | null {
  if (until === null) return null;
  // Setting the clock triggers no event.
  return isDoubted(input) ? input.now + CLOCK_CHECK_MS : until;
}

/**
 * Returns the overrides to persist, by workload name. One that is over is marked as ended, since a clock that is wrong at
 * the next boot would bring it back. One that began in the future was set by a clock that was ahead: it lasts as long, and
 * begins now.
 */
export function overridesToPersist(input: PlanInput): Map<string, Override> {
  const changed = new Map<string, Override>();
  for (const [name, { override }] of input.states) {
    if (override === undefined || override.until === null || override.ended === true) continue;
    const known = rebased(override, input);
    if (unlessExpired(known, earliestNow(input)) === null) changed.set(name, { ...known, ended: true });
    else if (known !== override) changed.set(name, known);
  }
  return changed;
}

/** True when `planned`, from `overridesToPersist`, was derived from `override`, and not from one before it. */
export function isSameOverride(override: Override | undefined, planned: Override): boolean {
  if (override === undefined || override.action !== planned.action) return false;
  return override.since === planned.since || override.since > planned.since + FAR_BACK_MS;
}

/** Returns `answeringSince` without the time of an override, which counts towards no deadline. */
export function answeringSinceOverride(
  override: Override | undefined,
  { answeringSince, now }: PlanInput,
): PlanInput["answeringSince"] {
  if (override === undefined) return answeringSince;
  const resumedAt = Math.min(override.until ?? now, now);
  return new Map([...answeringSince].map(([runtime, since]) => [runtime, Math.max(since, resumedAt)]));
}

function rebased(override: Override, input: PlanInput): Override {
  const { since, until } = override;
  if (until === null || override.ended === true || isDoubted(input) || since <= input.now + FAR_BACK_MS) {
    return override;
  }
  return { ...override, since: input.now, until: input.now + (until - since) };
}

/** Returns a time that has passed for certain: a wrong clock ends no override, but the uptime of the daemon does. */
function earliestNow(input: PlanInput): number {
  return isDoubted(input) ? input.earliestNow ?? input.now : input.now;
}

function isDoubted({ clockDoubt }: PlanInput): boolean {
  return (clockDoubt ?? null) !== null;
}
