/** Due times of jobs, in ms since 1970. Uses croner only to compute times of schedules. */
import { Cron } from "croner";
import type { Job } from "../../model/workload.ts";

/** Due times that are counted after a long time off: a schedule of every second would take hours to walk. */
const MAX_MISSED = 1000;

/** Returns the first due time after `after`; null when there is none, or the job has no schedule. */
export function nextDue(job: Job, after: number): number | null {
  if (job.schedule === null) return null;
  return cronSchedule(job).nextRun(new Date(after))?.getTime() ?? null;
}

/** Returns the last due time in (`after`, `until`]; null when there is none. */
export function lastDue(job: Job, { after, until }: { after: number; until: number }): number | null {
  if (job.schedule === null) return null;
  const schedule = cronSchedule(job);
  let found: number | null = null;
  let at = after;
  for (let count = 0; count < MAX_MISSED; count++) {
    const next = schedule.nextRun(new Date(at))?.getTime();
    if (next === undefined || next > until) return found;
    found = at = next;
  }
  return until;
}

/** Reads a schedule that its manifest was checked for. The result only computes, and never sets a timer. */
export function cronSchedule({ schedule, timezone }: { schedule: string | null; timezone: string | null }): Cron {
  return new Cron(schedule!, { paused: true, timezone: timezone ?? "UTC" });
}
