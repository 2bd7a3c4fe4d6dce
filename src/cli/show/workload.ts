/** One workload in full: what it is, why it is so, its instances, runs, health checks, and its last lines if it failed. */
import type { ImageStatus, InstanceStatus, ProbeResult, RunStatus, WorkloadStatus } from "../../model/snapshot.ts";
import { isJob, kindWord } from "../../model/workload_groups.ts";
import { cpuText, memoryText } from "../../model/usage.ts";
import { folded } from "./folded.ts";
import { ago, oneLine, problemLines, reasonLines, span, warningLines } from "./status.ts";
import { table } from "./table.ts";

/** `now` in milliseconds since 1970, to say how long ago things were. */
export function showWorkload(workload: WorkloadStatus, now: number): string {
  const { name, runtime, revision, fingerprint, description } = workload;
  // What is left of a run is in the list of runs.
  const instances = workload.instances.filter((one) => !isJob(workload) || one.pid !== null);
  const made = [
    revision === null ? "" : `, revision ${revision.slice(0, 7)}`,
    fingerprint === null ? "" : `, fingerprint ${fingerprint}`,
  ];
  return [
    ...folded(`${name}  ${kindWord(workload)}, ${runtime}${made.join("")}`, 2),
    ...(description === "" ? [] : folded(`  ${description}`, 2)),
    `  ${workload.phase}, ${workload.health === "unknown" ? "health unknown" : workload.health}, ${
      syncWords(workload)
    }`,
    ...reasonLines(workload),
    ...problemLines(workload),
    ...warningLines(workload),
    ...(workload.mode === null ? [] : folded(`  mode ${workload.mode.chosen}: ${workload.mode.reason}`, 4)),
    // Not folded: a digest is there to be copied.
    ...(workload.image === null ? [] : [`  image: ${imageText(workload.image)}`]),
    ...(workload.ports.length === 0 ? [] : folded(`  ports: ${workload.ports.join(", ")}`, 4)),
    ...section("instances", instanceTable(instances, now)),
    ...rolloutSection(workload, now),
    ...runSection(workload, now),
    ...section("health checks", workload.probes.flatMap((probe) => folded(probeLine(probe, now), 2))),
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
  const rows = instances.map((one) => [
    String(one.slot),
    one.phase,
    one.health,
    one.container_id?.slice(0, 12) ?? (one.pid === null ? "-" : `pid ${one.pid}`),
    one.pid === null || one.started_at === null ? "-" : ago(one.started_at, now),
    one.cpu_percent === null ? "-" : cpuText(one.cpu_percent),
    one.memory_bytes === null ? "-" : memoryText(one.memory_bytes),
    String(one.restarts),
    one.exit_code === null ? "-" : String(one.exit_code),
  ]);
  return table(["SLOT", "PHASE", "HEALTH", "WHO", "UP", "CPU", "MEM", "RESTARTS", "EXIT"], rows);
}

/** The last one, and what is under way: `history` tells of all of them. */
function rolloutSection({ rollout, history, name }: WorkloadStatus, now: number): string[] {
  const last = history.at(-1);
  const left = rollout === null ? null : (Date.parse(rollout.deadline_at) - now) / 1000;
  const lines = [
    ...(rollout === null ? [] : folded(
      `${rollout.fingerprint.slice(0, 7)} has to be healthy ${
        left! < 1 ? "by now" : `in ${span(left!)}`
      }: ${rollout.message}`,
      2,
    )),
    ...(last === undefined ? [] : folded(
      `${ago(last.ended_at, now)} ago ${last.outcome}, ${last.fingerprint.slice(0, 7)}: ${last.message}`,
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
    : [seconds < 1 ? "the next one is due now" : `the next one is due in ${span(seconds)}`];
  return section("runs", [...due, ...runTable(runs, now)]);
}

function runTable(runs: readonly RunStatus[], now: number): string[] {
  if (runs.length === 0) return [];
  const rows = [...runs].reverse().map((run) => [
    `${ago(run.due_at, now)} ago`,
    run.outcome,
    run.started_at === null ? "-" : took(run.started_at, run.ended_at === null ? now : Date.parse(run.ended_at)),
    run.exit_code === null ? "-" : String(run.exit_code),
  ]);
  return table(["DUE", "OUTCOME", "TOOK", "EXIT"], rows);
}

/** Tenths of what is short. */
function took(startedAt: string, end: number): string {
  const seconds = (end - Date.parse(startedAt)) / 1000;
  return seconds < 10 ? `${Math.max(0, seconds).toFixed(1)} s` : span(seconds);
}

function probeLine(probe: ProbeResult, now: number): string {
  const took = `${ago(probe.at, now)} ago ${probe.ok ? "passed" : "failed"} in ${probe.duration_ms} ms`;
  return `${took}: ${oneLine(probe.output)}`;
}
