/** A snapshot as text for a terminal of 80 columns: what needs attention first, then a line or two a workload. */
import { problemLine } from "../model/problem.ts";
import type { InstanceStatus, Snapshot, WorkloadStatus } from "../model/snapshot.ts";
import { cpuText, memoryText } from "../model/usage.ts";
import { table } from "./show_table.ts";

/** Of a terminal that nobody made wider. */
const COLUMNS = 80;

/** `now` in milliseconds since 1970, to say how long ago things were. */
export function showStatus(snapshot: Snapshot, now: number): string {
  const { device, source } = snapshot;
  const labels = Object.entries(device.labels).map(([key, value]) => `${key}=${value}`).join(" ");
  const lines = [
    `${device.name}${labels === "" ? "" : `  ${labels}`}`,
    `${source.url} ${source.branch}  ${revisionLine(snapshot, now)}`,
  ];
  if (source.error !== null) {
    lines.push(`  ${source.error.message}`);
    if (source.error.hint !== null) lines.push(`  hint: ${source.error.hint}`);
  }
  if (source.progress !== null) lines.push(`  ${source.progress}`);
  lines.push("");
  lines.push(...workloadLines(snapshot.workloads, now));
  if (snapshot.prune_held !== null) {
    lines.push(
      "",
      `! removal of ${snapshot.prune_held.names.join(", ")} is held: ${snapshot.prune_held.message}`,
      '  hint: say "harbornode prune --confirm" if that is what you want',
    );
  }
  return lines.join("\n");
}

function revisionLine({ source }: Snapshot, now: number): string {
  const at = source.last_sync_at === null ? "never looked at" : `looked at ${ago(source.last_sync_at, now)} ago`;
  const applied = source.applied === null ? "nothing applied yet" : `applied ${source.applied.slice(0, 7)}`;
  const newer = source.attempted !== null && source.attempted !== source.applied
    ? `, working on ${source.attempted.slice(0, 7)}`
    : "";
  return `${applied}${newer}, ${at}`;
}

function workloadLines(workloads: WorkloadStatus[], now: number): string[] {
  if (workloads.length === 0) return ["no workload: the repository asks for none on this device"];
  const [head, ...rows] = overview(workloads);
  return [
    head!,
    ...workloads.flatMap((one, index) => [
      rows[index]!,
      `  ${one.reason}: ${one.message}`,
      ...one.instances.filter((instance) => one.instances.length > 1 || notable(instance))
        .map((instance) => `  [${instance.slot}] ${instanceLine(instance, now)}`),
      ...problemLines(one),
      ...warningLines(one),
    ]),
  ];
}

/** What is used is the first to go where there is no room for it. */
function overview(workloads: WorkloadStatus[]): string[] {
  const axes = (one: WorkloadStatus) => [one.name, one.phase, one.health, one.sync];
  const full = table(
    ["NAME", "PHASE", "HEALTH", "SYNC", "CPU", "MEM", "INSTANCES"],
    workloads.map((one) => [...axes(one), ...used(one), counts(one)]),
  );
  if (full.every((line) => line.length <= COLUMNS)) return full;
  return table(["NAME", "PHASE", "HEALTH", "SYNC", "INSTANCES"], workloads.map((one) => [...axes(one), counts(one)]));
}

/** Of all instances together, as far as they are known. */
function used({ instances }: WorkloadStatus): [cpu: string, memory: string] {
  const cpu = sum(instances.map((one) => one.cpu_percent));
  const memory = sum(instances.map((one) => one.memory_bytes));
  return [cpu === null ? "-" : cpuText(Math.round(cpu * 10) / 10), memory === null ? "-" : memoryText(memory)];
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

export function problemLines({ problems }: WorkloadStatus): string[] {
  return problems.flatMap((problem) => [
    `  ${problemLine(problem)}`,
    ...(problem.hint === undefined ? [] : [`    hint: ${problem.hint}`]),
  ]);
}

export function warningLines({ warnings }: WorkloadStatus): string[] {
  return warnings.map(({ reason, message }) => `  warning: ${reason}: ${message}`);
}

function counts(one: WorkloadStatus): string {
  const running = one.instances.filter((instance) => instance.pid !== null).length;
  const ports = one.ports.length === 0 ? "" : `  ${one.ports.join(", ")}`;
  return `${running} of ${one.instances.length} up${ports}`;
}

function notable(instance: InstanceStatus): boolean {
  return instance.restarts > 0 || instance.exit_code !== null;
}

function instanceLine(instance: InstanceStatus, now: number): string {
  const id = instance.container_id?.slice(0, 12) ?? (instance.pid === null ? null : `pid ${instance.pid}`);
  const parts = [
    instance.phase,
    id,
    instance.started_at === null ? null : `started ${ago(instance.started_at, now)} ago`,
    instance.restarts === 0 ? null : `${instance.restarts} restarts`,
    instance.exit_code === null ? null : `exit code ${instance.exit_code}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

/** "12 s", "5 min", "3 h", "2 d" */
export function ago(iso: string, now: number): string {
  return span((now - Date.parse(iso)) / 1000);
}

export function span(exactly: number): string {
  const seconds = Math.max(0, Math.round(exactly));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
