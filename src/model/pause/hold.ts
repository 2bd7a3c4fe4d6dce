/** What the owner of the device said about a workload on the device itself, above what git says. */
import { minuteText } from "../time/moment.ts";
import type { Workload } from "../workload.ts";

export interface Hold {
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
export function activeHold(hold: Hold | undefined, now: number): Hold | null {
  if (hold === undefined || hold.ended === true) return null;
  return hold.until !== null && hold.until <= now ? null : hold;
}

/** What git asks for, as the owner's word changes it. */
export function withHold(spec: Workload, hold: Hold | null): Workload {
  if (hold?.action === "stop" && spec.enabled) return { ...spec, enabled: false };
  if (hold?.action === "start" && (!spec.enabled || spec.suspend)) return { ...spec, enabled: true, suspend: false };
  return spec;
}

/** "until 2026-11-21 16:30 UTC", or "until it is released" */
export function untilText({ until }: Pick<Hold, "until">): string {
  if (until === null) return "until it is released";
  return `until ${minuteText(until)}`;
}
