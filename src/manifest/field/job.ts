/** [pure] Fields of a job: a workload that runs to completion, once or on a schedule. */
import type { Job } from "../../model/workload.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields, type Infer, withDefaults } from "../../schema/field_table.ts";
import { duration } from "../../schema/quantity.ts";
import { oneOf } from "../../schema/schema.ts";
import { cron, timezone } from "./cron.ts";

export const JOB_FIELDS = fields({
  type: field(oneOf("service", "job"), null, {
    defaultText: '"service", with a schedule "job"',
    doc: "A job runs to completion, by its schedule or once for each change",
    example: 'type = "job"',
  }),
  schedule: field(cron(), null, {
    doc: "When the job runs, as cron writes it, or @daily and the like",
    example: 'schedule = "30 3 * * *"',
  }),
  timezone: field(timezone(), null, {
    defaultText: "UTC",
    doc: "Time zone of the schedule",
    example: 'timezone = "Europe/Berlin"',
  }),
  overlap: field(oneOf("skip", "replace"), "skip", {
    defaultText: '"skip"',
    doc: "What follows when the job is due while it still runs",
    example: 'overlap = "replace"',
  }),
  missed: field(oneOf("once", "skip"), "once", {
    defaultText: '"once"',
    doc: "What follows when the job was due while the device was off",
    example: 'missed = "skip"',
  }),
  timeout: field(duration(1), null, {
    doc: "A run of the job that takes longer is stopped, and has failed",
    example: 'timeout = "10m"',
  }),
});

/** Fields that only a job has. */
const JOB_ONLY = ["schedule", "timezone", "overlap", "missed", "timeout"];

interface JobContext {
  replicas: number | undefined;
  /** Names of the fields that the manifest has. */
  given: ReadonlySet<string>;
  scope: DiagnosticScope;
}

/** Returns null for a workload that runs until it is stopped. */
export function buildJob(read: Infer<typeof JOB_FIELDS>, { replicas, given, scope }: JobContext): Job | null {
  const isJob = read.type === "job" || (read.type === null && read.schedule !== null);
  if (!isJob) {
    for (const name of JOB_ONLY.filter((field) => given.has(field))) {
      scope.at(name).keyError(`only a job has ${name}`, 'write type = "job"');
    }
    return null;
  }
  if (replicas !== undefined && replicas > 1) {
    scope.at("replicas").error(`is ${replicas}, and a job runs once at a time`, "take it out");
  }
  const { schedule, timezone, overlap, missed, timeout } = withDefaults(JOB_FIELDS, read);
  return { schedule, timezone, overlap, missed, timeoutMs: timeout };
}
