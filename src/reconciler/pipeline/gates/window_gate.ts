/** Maintenance windows: whether changes from git may be applied now. Uses croner only to compute times of schedules. */
import { minuteText } from "../../../model/iso_timestamp.ts";
import type { MaintenanceWindow } from "../../../model/maintenance_window.ts";
import { cronSchedule } from "../next_run.ts";

export interface OutsideWindow {
  /** Time when changes may be applied, or the windows have to be checked again, in ms since 1970; null for never. */
  until: number | null;
  message: string;
}

/** Returns why changes have to wait; null when they may be applied. Every set of windows (device, manifest) must be open. */
export function windowClosedBy(sets: readonly (readonly MaintenanceWindow[])[], now: number): OutsideWindow | null {
  const closed = sets.map((windows) => closedIn(windows, now)).filter((window) => window !== null);
  if (closed.length === 0) return null;
  const times = closed.map((window) => window.until);
  // At least one set is closed until the latest of these times. The windows are checked again then.
  const until = times.some((time) => time === null) ? null : Math.max(...times as number[]);
  const opens = until === null ? "which never opens" : `which opens at ${minuteText(until)}`;
  return { until, message: `a change waits for the maintenance window, ${opens}` };
}

function closedIn(windows: readonly MaintenanceWindow[], now: number): { until: number | null } | null {
  const denied = windows.filter((window) => window.kind === "deny").map((window) => openUntil(window, now));
  const end = Math.max(...denied.map((end) => end ?? 0), 0);
  if (end > 0) return { until: end };
  const allows = windows.filter((window) => window.kind === "allow");
  if (allows.length === 0 || allows.some((window) => openUntil(window, now) !== null)) return null;
  const next = allows.flatMap((window) => cronSchedule(window).nextRun(new Date(now))?.getTime() ?? []);
  return { until: next.length === 0 ? null : Math.min(...next) };
}

/** Returns the end of a window that is open now; null when it is closed. */
function openUntil(window: MaintenanceWindow, now: number): number | null {
  const { durationMs } = window;
  const schedule = cronSchedule(window);
  const began = schedule.nextRun(new Date(now - durationMs))?.getTime();
  if (began === undefined || began > now) return null;
  return began + durationMs;
}
