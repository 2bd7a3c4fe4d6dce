/** [pure] Schedules: cron expressions and time zones. */
import { Cron } from "croner";
import type { Schema } from "../../schema/schema.ts";

/** Five fields, six with seconds in front, or @daily and the like (crontab(5)). */
export function cron(): Schema<string> {
  const expected = 'a cron expression like "30 3 * * *" or "@daily"';
  return {
    expected,
    jsonSchema: { type: "string", minLength: 1 },
    read(value, scope) {
      if (typeof value !== "string" || value.trim() === "") return scope.mismatch(value, expected);
      try {
        // Paused: it only computes, and never sets a timer.
        new Cron(value, { paused: true, timezone: "UTC" });
        return value.trim();
      } catch {
        return scope.mismatch(value, expected, "minute, hour, day of the month, month, day of the week");
      }
    },
  };
}

/** An IANA time zone, in the spelling of the database. */
export function timezone(): Schema<string> {
  const expected = 'a time zone like "Europe/Berlin"';
  return {
    expected,
    jsonSchema: { type: "string", minLength: 1 },
    read(value, scope) {
      if (typeof value !== "string") return scope.mismatch(value, expected);
      try {
        return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone;
      } catch {
        return scope.mismatch(value, expected);
      }
    },
  };
}
