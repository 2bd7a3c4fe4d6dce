/** When a job is due. Times in ms since 1970; the schedule itself is read by croner, which is only asked to compute. */
import { Cron } from "croner";
import type { Job } from "../../model/workload.ts";

/** After a long time off, a schedule of every second would be walked for hours: further ones are not counted. */
const MOST = 1000;

/** The first time after `after`; null when there never is one, or the job has no schedule. */
export function nextDue(job: Job, after: number): number | null {
  if (job.schedule === null) return null;
  return cronSchedule(job).nextRun(new Date(after))?.getTime() ?? null;
}

/** The last time in (`after`, `until`]; null when there is none. */
export function lastDue(job: Job, { after, until }: { after: number; until: number }): number | null {
  if (job.schedule === null) return null;
  const schedule = cronSchedule(job);
  let found: number | null = null;
  let at = after;
  for (let count = 0; count < MOST; count++) {
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
