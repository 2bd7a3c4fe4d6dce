/** One workload in full: what it is, why it is so, its instances, runs, health checks, and its last lines if it failed. */
import type {
  ImageStatus,
  InstanceStatus,
  ProbeResultStatus,
  RunStatus,
  WorkloadStatus,
} from "../../model/snapshot.ts";
import { isJob, kindLabel } from "../../model/workload_groups.ts";
import { cpuText, memoryText } from "../../model/usage.ts";
import { wrap } from "./wrap.ts";
import { formatAgo, formatDuration, oneLine, problemLines, reasonLines, warningLines } from "./format_status.ts";
import { table } from "./table.ts";
import { shortId } from "../../model/git_ref.ts";

/** `now` in milliseconds since 1970, to say how long ago things were. */
export function formatWorkload(workload: WorkloadStatus, now: number): string {
  const { name, runtime, revision, fingerprint, description } = workload;
  // What is left of a run is in the list of runs.
  const instances = workload.instances.filter((instance) => !isJob(workload) || instance.pid !== null);
  const made = [
    revision === null ? "" : `, revision ${shortId(revision)}`,
    fingerprint === null ? "" : `, fingerprint ${fingerprint}`,
  ];
  return [
    ...wrap(`${name}  ${kindLabel(workload)}, ${runtime}${made.join("")}`, 2),
    ...(description === "" ? [] : wrap(`  ${description}`, 2)),
    `  ${workload.phase}, ${workload.health === "unknown" ? "health unknown" : workload.health}, ${
      syncWords(workload)
    }`,
    ...reasonLines(workload),
    ...problemLines(workload),
    ...warningLines(workload),
    ...(workload.mode === null ? [] : wrap(`  mode ${workload.mode.chosen}: ${workload.mode.reason}`, 4)),
    // Not folded: a digest is there to be copied.
    ...(workload.image === null ? [] : [`  image: ${imageText(workload.image)}`]),
    ...(workload.ports.length === 0 ? [] : wrap(`  ports: ${workload.ports.join(", ")}`, 4)),
    ...section("instances", instanceTable(instances, now)),
    ...rolloutSection(workload, now),
    ...runSection(workload, now),
    ...section("health checks", workload.probes.flatMap((probe) => wrap(probeLine(probe, now), 2))),
    ...section("last lines", workload.last_lines),
  ].join("\n");
}

/** "nginx:1.27, sha256:..." */
function imageText({ reference, id, digest }: ImageStatus): string {
  if (digest !== null) return reference.includes(digest) ? reference : `${reference}, digest ${digest}`;
  return id === null ? reference : `${reference}, id ${id}, from no registry`;
}

function syncWords({ sync }: WorkloadStatus): string {
  return sync === "unknown" ? "sync unknown" : sync;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`.trimEnd())];
}

function instanceTable(instances: readonly InstanceStatus[], now: number): string[] {
  if (instances.length === 0) return [];
  const rows = instances.map((instance) => [
    String(instance.slot),
    instance.phase,
    instance.health,
    instance.container_id?.slice(0, 12) ?? (instance.pid === null ? "-" : `pid ${instance.pid}`),
    instance.pid === null || instance.started_at === null ? "-" : formatAgo(instance.started_at, now),
    instance.cpu_percent === null ? "-" : cpuText(instance.cpu_percent),
    instance.memory_bytes === null ? "-" : memoryText(instance.memory_bytes),
    String(instance.restarts),
    instance.exit_code === null ? "-" : String(instance.exit_code),
  ]);
  return table(["SLOT", "PHASE", "HEALTH", "WHO", "UP", "CPU", "MEM", "RESTARTS", "EXIT"], rows);
}

/** The last one, and what is under way: `history` tells of all of them. */
function rolloutSection({ rollout, history, name }: WorkloadStatus, now: number): string[] {
  const last = history.at(-1);
  const left = rollout === null ? null : (Date.parse(rollout.deadline_at) - now) / 1000;
  const lines = [
    ...(rollout === null ? [] : wrap(
      `${shortId(rollout.fingerprint)} has to be healthy ${
        left! < 1 ? "by now" : `in ${formatDuration(left!)}`
      }: ${rollout.message}`,
      2,
    )),
    ...(last === undefined ? [] : wrap(
      `${formatAgo(last.ended_at, now)} ago ${last.outcome}, ${shortId(last.fingerprint)}: ${last.message}`,
      2,
    )),
    ...(history.length < 2 ? [] : [`harbornode history ${name} lists all ${history.length}`]),
  ];
  return section("rollouts", lines);
}

function runSection({ runs, next_run_at: next }: WorkloadStatus, now: number): string[] {
  const seconds = next === null ? null : (Date.parse(next) - now) / 1000;
  const due = seconds === null
    ? []
    : [seconds < 1 ? "the next one is due now" : `the next one is due in ${formatDuration(seconds)}`];
  return section("runs", [...due, ...runTable(runs, now)]);
}

function runTable(runs: readonly RunStatus[], now: number): string[] {
  if (runs.length === 0) return [];
  const rows = [...runs].reverse().map((run) => [
    `${formatAgo(run.due_at, now)} ago`,
    run.outcome,
    run.started_at === null ? "-" : took(run.started_at, run.ended_at === null ? now : Date.parse(run.ended_at)),
    run.exit_code === null ? "-" : String(run.exit_code),
  ]);
  return table(["DUE", "OUTCOME", "TOOK", "EXIT"], rows);
}

/** Tenths of what is short. */
function took(startedAt: string, end: number): string {
  const seconds = (end - Date.parse(startedAt)) / 1000;
  return seconds < 10 ? `${Math.max(0, seconds).toFixed(1)} s` : formatDuration(seconds);
}

function probeLine(probe: ProbeResultStatus, now: number): string {
  const took = `${formatAgo(probe.at, now)} ago ${probe.ok ? "passed" : "failed"} in ${probe.duration_ms} ms`;
  return `${took}: ${oneLine(probe.output)}`;
}
