/** Whether what git changes may be carried out now. The schedule itself is read by croner, which is only asked to compute. */
import { minuteText } from "../../../model/iso_timestamp.ts";
import type { MaintenanceWindow } from "../../../model/maintenance_window.ts";
import { cronSchedule } from "../next_run.ts";

export interface OutsideWindow {
  /** When it may, in ms since 1970, as far as that is known; null for never. */
  until: number | null;
  message: string;
}

/** Null while it may be. Of several sets of windows, the device's and a manifest's, each must let it through. */
export function windowClosedBy(sets: readonly (readonly MaintenanceWindow[])[], now: number): OutsideWindow | null {
  const closed = sets.map((windows) => closedIn(windows, now)).filter((one) => one !== null);
  if (closed.length === 0) return null;
  const times = closed.map((one) => one.until);
  // The latest: before it at least one set is closed. What is open then is looked at again then.
  const until = times.some((time) => time === null) ? null : Math.max(...times as number[]);
  const opens = until === null ? "which never opens" : `which opens at ${minuteText(until)}`;
  return { until, message: `a change waits for the maintenance window, ${opens}` };
}

function closedIn(windows: readonly MaintenanceWindow[], now: number): { until: number | null } | null {
  const denied = windows.filter((window) => window.kind === "deny").map((window) => openUntil(window, now));
  const end = Math.max(...denied.map((one) => one ?? 0), 0);
  if (end > 0) return { until: end };
  const allows = windows.filter((window) => window.kind === "allow");
  if (allows.length === 0 || allows.some((window) => openUntil(window, now) !== null)) return null;
  const next = allows.map((window) => cronSchedule(window).nextRun(new Date(now))?.getTime() ?? null).filter((one) =>
    one !== null
  );
  return { until: next.length === 0 ? null : Math.min(...next) };
}

/** The end of the window that is open now; null when it is not. */
function openUntil(window: MaintenanceWindow, now: number): number | null {
  const { durationMs } = window;
  const schedule = cronSchedule(window);
  const began = schedule.nextRun(new Date(now - durationMs))?.getTime();
  if (began === undefined || began > now) return null;
  return began + durationMs;
}
