/** Holds of the device's operator: which count now, how they end, and what they leave alone. */
import { FAR_BACK_MS } from "../../../model/iso_timestamp.ts";
import { type Override, unlessExpired } from "../../../model/override.ts";
import type { ResolvedWorkload } from "../resolve_workloads.ts";
import type { PlanInput } from "../plan_input.ts";
import { CLOCK_CHECK_MS } from "./clock_sync.ts";

/** The hold of a workload that counts now; null for none. */
export function activeOverride(name: string, input: PlanInput): Override | null {
  const override = input.states.get(name)?.hold;
  return override === undefined ? null : unlessExpired(rebased(override, input), earliestNow(input));
}

/** When the plan has to look at this hold again; null for never. */
export function overrideDueAt({ until }: Override, input: PlanInput): number | null {
  if (until === null) return null;
  // A clock that is set wakes nobody.
  return isDoubted(input) ? input.now + CLOCK_CHECK_MS : until;
}

/**
 * By name, holds to be written down. One that is over is marked so, since a clock that is wrong at the next boot would
 * bring it back. One that began in the future was set by a clock that was ahead, and lasts as long from now on.
 */
export function overridesToPersist(input: PlanInput): Map<string, Override> {
  const changed = new Map<string, Override>();
  for (const [name, { hold }] of input.states) {
    if (hold === undefined || hold.until === null || hold.ended === true) continue;
    const known = rebased(hold, input);
    if (unlessExpired(known, earliestNow(input)) === null) changed.set(name, { ...known, ended: true });
    else if (known !== hold) changed.set(name, known);
  }
  return changed;
}

/** Whether `planned`, of `holdsToRemember`, was made of this very hold, and not of one before it. */
export function isSameOverride(override: Override | undefined, planned: Override): boolean {
  if (override === undefined || override.action !== planned.action) return false;
  return override.since === planned.since || override.since > planned.since + FAR_BACK_MS;
}

function rebased(override: Override, input: PlanInput): Override {
  const { since, until } = override;
  if (until === null || override.ended === true || isDoubted(input) || since <= input.now + FAR_BACK_MS) {
    return override;
  }
  return { ...override, since: input.now, until: input.now + (until - since) };
}

/** A time that it is by now at least: a wrong clock ends no hold, but the time that the daemon has run does. */
function earliestNow(input: PlanInput): number {
  return isDoubted(input) ? input.earliestNow ?? input.now : input.now;
}

function isDoubted({ clockDoubt }: PlanInput): boolean {
  return (clockDoubt ?? null) !== null;
}

/** What git no longer holds, and the operator has held on the device: it stays until that is over. */
export function ignoredWhileOverridden(
  input: PlanInput,
  { asked, present }: { asked: readonly ResolvedWorkload[]; present: readonly string[] },
): ResolvedWorkload[] {
  return present.filter((name) => !asked.some((workload) => workload.name === name)).flatMap((name) => {
    const override = activeOverride(name, input);
    const applied = input.states.get(name)?.applied ?? null;
    if (override?.action !== "hold" || applied === null) return [];
    const { workload: spec, revision } = applied;
    const rest = { invalid: null, gated: null, runtimeChoice: null, rollout: null, frozen: "applied" as const };
    return [{ name, kind: spec.kind, spec, revision, override, ...rest }];
  });
}

/** No deadline counts while a hold lasts. */
export function answeringSinceOverride(
  override: Override | undefined,
  { answeringSince, now }: PlanInput,
): PlanInput["answeringSince"] {
  if (override === undefined) return answeringSince;
  const since = Math.min(override.until ?? now, now);
  return new Map([...answeringSince].map(([runtime, at]) => [runtime, Math.max(at, since)]));
}
