/** Override: what the operator of the device decided about one workload with `harbornode suspend`, `stop` or `start`. */
import { minuteText } from "./iso_timestamp.ts";
import type { Workload } from "./workload.ts";

export interface Override {
  /**
   * "suspend": the workload stays as it was last applied, whatever git asks for. "stop": it stays stopped. "start": it
   * runs although git switches it off.
   */
  action: "suspend" | "stop" | "start";
  /** Milliseconds since 1970, as `until`. */
  since: number;
  /** Null: until it is resumed. */
  until: number | null;
  /** Set once it was over by a clock that was right: no wrong clock brings it back. */
  ended?: boolean;
}

/** Returns the override that is in force at `now`; null for none, or for one that is over. */
export function unlessExpired(override: Override | undefined, now: number): Override | null {
  if (override === undefined || override.ended === true) return null;
  return override.until !== null && override.until <= now ? null : override;
}

/** Returns what git asks for, changed as the override demands. */
export function withOverride(spec: Workload, override: Override | null): Workload {
  if (override?.action === "stop" && spec.enabled) return { ...spec, enabled: false };
  if (override?.action === "start" && (!spec.enabled || spec.suspend)) {
    return { ...spec, enabled: true, suspend: false };
  }
  return spec;
}

/** "until 2026-11-21 16:30 UTC", or "until it is resumed" */
export function formatUntil({ until }: Pick<Override, "until">): string {
  if (until === null) return "until it is resumed";
  return `until ${minuteText(until)}`;
}
