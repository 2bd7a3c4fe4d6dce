/** Overrides of the device's operator: which are in force, how they end, and which removals they prevent. */
import { FAR_BACK_MS } from "../../../model/iso_timestamp.ts";
import { type Override, unlessExpired } from "../../../model/override.ts";
import type { ResolvedWorkload } from "../resolve_workloads.ts";
import type { PlanInput } from "../plan_input.ts";
import { CLOCK_CHECK_MS } from "./clock_sync.ts";

/** Returns the override of a workload that is in force now; null for none. */
export function activeOverride(name: string, input: PlanInput): Override | null {
  const override = input.states.get(name)?.override;
  return override === undefined ? null : unlessExpired(rebased(override, input), earliestNow(input));
}

/** Returns when the plan has to check this override again; null for never. */
export function overrideDueAt({ until }: Override, input: PlanInput): number | null {
  if (until === null) return null;
  // A clock that is set wakes nobody.
  return isDoubted(input) ? input.now + CLOCK_CHECK_MS : until;
}

/**
 * Returns the overrides to be saved, by workload name. One that is over is marked so, since a clock that is wrong at the
 * next boot would bring it back. One that began in the future was set by a clock that was ahead, and lasts as long from now on.
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

/** Returns whether `planned`, of `overridesToPersist`, was made of this very override, and not of one before it. */
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

/** A time that it is by now at least: a wrong clock ends no override, but the time that the daemon has run does. */
function earliestNow(input: PlanInput): number {
  return isDoubted(input) ? input.earliestNow ?? input.now : input.now;
}

function isDoubted({ clockDoubt }: PlanInput): boolean {
  return (clockDoubt ?? null) !== null;
}

/** Workloads that git has removed and the operator has suspended: they stay until they are resumed. */
export function ignoredWhileOverridden(
  input: PlanInput,
  { asked, present }: { asked: readonly ResolvedWorkload[]; present: readonly string[] },
): ResolvedWorkload[] {
  return present.filter((name) => !asked.some((workload) => workload.name === name)).flatMap((name) => {
    const override = activeOverride(name, input);
    const applied = input.states.get(name)?.applied ?? null;
    if (override?.action !== "suspend" || applied === null) return [];
    const { workload: spec, revision } = applied;
    const rest = { invalid: null, gated: null, runtimeChoice: null, rollout: null, frozen: "applied" as const };
    return [{ name, kind: spec.kind, spec, revision, override, ...rest }];
  });
}

/** Keeps deadlines from running while an override is in force. */
export function answeringSinceOverride(
  override: Override | undefined,
  { answeringSince, now }: PlanInput,
): PlanInput["answeringSince"] {
  if (override === undefined) return answeringSince;
  const since = Math.min(override.until ?? now, now);
  return new Map([...answeringSince].map(([runtime, at]) => [runtime, Math.max(at, since)]));
}
