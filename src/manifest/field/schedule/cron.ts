/** [pure] When something is due again and again. */
import { Cron } from "croner";
import type { Grammar } from "../../grammar.ts";
import { quote } from "../../place.ts";

/** Five fields, or six with seconds in front, or @daily and the like (crontab(5)). */
export function cron(): Grammar<string> {
  const wants = 'a cron expression like "30 3 * * *" or "@daily"';
  return {
    wants,
    schema: { type: "string", minLength: 1 },
    read(value, place) {
      if (typeof value !== "string" || value.trim() === "") return place.report(`is ${quote(value)}, wanted ${wants}`);
      try {
        // Paused: it only computes, and never sets a timer.
        new Cron(value, { paused: true, timezone: "UTC" });
        return value.trim();
      } catch {
        return place.report(
          `is ${quote(value)}, wanted ${wants}`,
          "minute, hour, day of the month, month, day of the week",
        );
      }
    },
  };
}

export function timezone(): Grammar<string> {
  const wants = 'a time zone like "Europe/Berlin"';
  return {
    wants,
    schema: { type: "string", minLength: 1 },
    read(value, place) {
      if (typeof value !== "string") return place.report(`is ${quote(value)}, wanted ${wants}`);
      try {
        return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone;
      } catch {
        return place.report(`is ${quote(value)}, wanted ${wants}`);
      }
    },
  };
}
