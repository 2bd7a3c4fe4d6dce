/** One workload in full: what it is, why it is so, its instances, runs, health checks, and its last lines if it failed. */
import type { InstanceStatus, ProbeResult, RunStatus, WorkloadStatus } from "../model/snapshot.ts";
import { cpuText, memoryText } from "../model/usage.ts";
import { ago, problemLines, span, warningLines } from "./show_status.ts";
import { table } from "./show_table.ts";

/** `now` in milliseconds since 1970, to say how long ago things were. */
export function showWorkload(workload: WorkloadStatus, now: number): string {
  const { name, kind, runtime, revision, fingerprint, description } = workload;
  const made = [
    revision === null ? "" : `, revision ${revision.slice(0, 7)}`,
    fingerprint === null ? "" : `, fingerprint ${fingerprint}`,
  ];
  return [
    `${name}  ${kind}, ${runtime}${made.join("")}`,
    ...(description === "" ? [] : [`  ${description}`]),
    `  ${workload.phase}, ${workload.health === "unknown" ? "health unknown" : workload.health}, ${
      syncWords(workload)
    }`,
    `  ${workload.reason}: ${workload.message}`,
    ...problemLines(workload),
    ...warningLines(workload),
    ...(workload.mode === null ? [] : [`  mode ${workload.mode.chosen}: ${workload.mode.reason}`]),
    ...(workload.ports.length === 0 ? [] : [`  ports: ${workload.ports.join(", ")}`]),
    ...section("instances", instanceTable(workload.instances, now)),
    ...runSection(workload, now),
    ...section("health checks", workload.probes.map((probe) => probeLine(probe, now))),
    ...section("last lines", workload.last_lines),
  ].join("\n");
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
    run.started_at === null ? "-" : ago(run.started_at, run.ended_at === null ? now : Date.parse(run.ended_at)),
    run.exit_code === null ? "-" : String(run.exit_code),
  ]);
  return table(["DUE", "OUTCOME", "TOOK", "EXIT"], rows);
}

function probeLine(probe: ProbeResult, now: number): string {
  const output = probe.output.trim().replace(/\s*\n\s*/g, " / ");
  return `${ago(probe.at, now)} ago ${probe.ok ? "passed" : "failed"} in ${probe.duration_ms} ms: ${output}`;
}
