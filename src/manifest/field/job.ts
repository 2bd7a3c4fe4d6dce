/** [pure] The fields of a job: something that runs to completion, once or by a schedule. */
import type { Job } from "../../model/workload.ts";
import { type Field, field, oneOf } from "../../schema/schema.ts";
import type { DiagnosticScope, Table } from "../../schema/diagnostic.ts";
import { duration } from "../../schema/quantity.ts";
import { cron, timezone } from "./cron.ts";

export const JOB_FIELDS: Field[] = [
  field("type", oneOf("service", "job"), null, {
    defaultText: '"service", with a schedule "job"',
    doc: "A job runs to completion, by its schedule or once for each change",
    example: 'type = "job"',
  }),
  field("schedule", cron(), null, {
    doc: "When the job runs, as cron writes it, or @daily and the like",
    example: 'schedule = "30 3 * * *"',
  }),
  field("timezone", timezone(), null, {
    defaultText: "UTC",
    doc: "Time zone of the schedule",
    example: 'timezone = "Europe/Berlin"',
  }),
  field("overlap", oneOf("skip", "replace"), "skip", {
    defaultText: '"skip"',
    doc: "What follows when the job is due while it still runs",
    example: 'overlap = "replace"',
  }),
  field("missed", oneOf("once", "skip"), "once", {
    defaultText: '"once"',
    doc: "What follows when the job was due while the device was off",
    example: 'missed = "skip"',
  }),
  field("timeout", duration(1), null, {
    doc: "A run of the job that takes longer is stopped, and has failed",
    example: 'timeout = "10m"',
  }),
];

/** Null for what runs for ever. `said` are the names of the fields that the manifest has. */
export function buildJob(
  read: Table,
  { said, scope }: { said: ReadonlySet<string>; scope: DiagnosticScope },
): Job | null {
  const isJob = read.type === "job" || (read.type === null && read.schedule !== null);
  if (!isJob) {
    for (const name of ["schedule", "timezone", "overlap", "missed", "timeout"].filter((one) => said.has(one))) {
      scope.at(name).keyError(`only a job has ${name}`, 'write type = "job"');
    }
    return null;
  }
  const replicas = read.replicas as number | undefined;
  if (replicas !== undefined && replicas > 1) {
    scope.at("replicas").error(`is ${replicas}, and a job runs once at a time`, "take it out");
  }
  return {
    schedule: read.schedule as string | null,
    timezone: read.timezone as string | null,
    overlap: read.overlap as Job["overlap"],
    missed: read.missed as Job["missed"],
    timeoutMs: read.timeout as number | null,
  };
}
