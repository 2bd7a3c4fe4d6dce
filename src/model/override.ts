/** What the owner of the device said about a workload on the device itself, above what git says. */
import { minuteText } from "./iso_timestamp.ts";
import type { Workload } from "./workload.ts";

export interface Override {
  /** Kept as it was last applied, whatever git asks for; kept stopped; or kept running though git switches it off. */
  action: "hold" | "stop" | "start";
  /** Milliseconds since 1970, as `until`. */
  since: number;
  /** Null: until it is released. */
  until: number | null;
  /** Set once it was over by a clock that was right: no wrong clock brings it back. */
  ended?: boolean;
}

/** The hold that counts at a time; null for none, or for one that is over. */
export function unlessExpired(override: Override | undefined, now: number): Override | null {
  if (override === undefined || override.ended === true) return null;
  return override.until !== null && override.until <= now ? null : override;
}

/** What git asks for, as the owner's word changes it. */
export function withOverride(spec: Workload, override: Override | null): Workload {
  if (override?.action === "stop" && spec.enabled) return { ...spec, enabled: false };
  if (override?.action === "start" && (!spec.enabled || spec.suspend)) {
    return { ...spec, enabled: true, suspend: false };
  }
  return spec;
}

/** "until 2026-11-21 16:30 UTC", or "until it is released" */
export function formatUntil({ until }: Pick<Override, "until">): string {
  if (until === null) return "until it is released";
  return `until ${minuteText(until)}`;
}
