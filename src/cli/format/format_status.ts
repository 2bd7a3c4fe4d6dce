/** A snapshot as text for a terminal of 80 columns: what needs attention first, then a line or two a workload. */
import { problemLine } from "../../model/problem.ts";
import type { InstanceStatus, Snapshot, WorkloadStatus } from "../../model/snapshot.ts";
import { isJob } from "../../model/workload_groups.ts";
import { cpuText, memoryText } from "../../model/usage.ts";
import { COLUMNS, wrap } from "./wrap.ts";
import { table } from "./table.ts";
import { shortId } from "../../model/git_ref.ts";

/** `now` in milliseconds since 1970, to say how long ago things were. */
export function formatStatus(snapshot: Snapshot, now: number): string {
  const { device, source } = snapshot;
  const labels = Object.entries(device.labels).map(([key, value]) => `${key}=${value}`).join(" ");
  const lines = [
    ...unsavedLines(snapshot),
    `${device.name}${labels === "" ? "" : `  ${labels}`}`,
    `${source.url} ${source.branch}, ${looked(snapshot, now)}`,
    ...wrap(revisionLine(snapshot), 2),
  ];
  if (source.error !== null) {
    lines.push(...wrap(`  ${source.error.reason}: ${source.error.message}`, 4));
    if (source.error.hint !== null) lines.push(...wrap(`  hint: ${source.error.hint}`, 4));
  }
  if (source.delayed !== null) lines.push(...wrap(`  ${source.delayed.message}`, 4));
  if (source.progress !== null) lines.push(`  ${source.progress}`);
  lines.push(...upgradeLines(snapshot));
  lines.push("");
  lines.push(...workloadLines(snapshot.workloads, now));
  if (snapshot.pending_removal !== null) {
    lines.push(
      "",
      ...wrap(
        `! removal of ${snapshot.pending_removal.names.join(", ")} is pending: ${snapshot.pending_removal.message}`,
        2,
      ),
      '  hint: run "harbornode prune --confirm" to remove them',
    );
  }
  lines.push(...refusedLines(snapshot, now), ...untoldLines(snapshot));
  return lines.join("\n");
}

/** Before anything else: what follows may be forgotten. */
function unsavedLines({ device: { state_unsaved } }: Snapshot): string[] {
  if (state_unsaved === null) return [];
  return [...wrap(`! ${state_unsaved.message}`, 2), ...wrap(`  hint: ${state_unsaved.hint}`, 4)];
}

/** Nothing of a version that runs as git asks. */
function upgradeLines({ device: { upgrade, state_set_aside } }: Snapshot): string[] {
  const aside = state_set_aside.flatMap((sentence) => wrap(`! ${sentence}`, 2));
  if (upgrade === null || upgrade.state === "current") return aside;
  const { state, message, hint, problems } = upgrade;
  const mark = state === "downloading" || state === "waiting" || state === "installed" ? " " : "!";
  return [
    ...wrap(`${mark} harbornode: ${message}`, 4),
    ...problems.flatMap((problem) => wrap(`    ${problemLine(problem)}`, 6)),
    ...(hint === null ? [] : wrap(`  hint: ${hint}`, 4)),
    ...aside,
  ];
}

const DAY_MS = 24 * 3_600_000;

/** A forge that is refused shows that to nobody but who set it up. Later than a day after, it is history. */
function refusedLines({ deliveries }: Snapshot, now: number): string[] {
  const refused = deliveries.filter(({ verdict, at }) => verdict === "refused" && now - Date.parse(at) < DAY_MS);
  const last = refused.at(-1);
  if (last === undefined) return [];
  const count = refused.length === 1 ? "a webhook delivery was" : `${refused.length} webhook deliveries were`;
  return [
    "",
    ...wrap(`! ${count} refused, the last ${formatAgo(last.at, now)} ago (${last.forge}): ${last.message}`, 2),
  ];
}

function untoldLines({ notifications }: Snapshot): string[] {
  return notifications.filter((notification) => notification.error !== null).flatMap(
    ({ name, error, waiting, lost }) => {
      const counts = [waiting === 0 ? "" : `${waiting} waiting`, lost === 0 ? "" : `${lost} given up`];
      const counted = counts.filter((count) => count !== "").join(", ");
      return ["", ...wrap(`! ${name} could not be told${counted === "" ? "" : ` (${counted})`}: ${error}`, 2)];
    },
  );
}

function looked({ source: { last_sync_at } }: Snapshot, now: number): string {
  return last_sync_at === null ? "never looked at" : `looked at ${formatAgo(last_sync_at, now)} ago`;
}

function revisionLine({ source }: Snapshot): string {
  const { applied, attempted, subject, signer } = source;
  const named = (revision: string) =>
    `${shortId(revision)}${subject === null || revision !== attempted ? "" : ` "${subject}"`}`;
  return [
    applied === null ? "nothing applied yet" : `applied ${named(applied)}`,
    ...(signer === null ? [] : [`signed by ${signer}`]),
    ...(attempted === null || attempted === applied ? [] : [`working on ${named(attempted)}`]),
  ].join(", ");
}

function workloadLines(workloads: WorkloadStatus[], now: number): string[] {
  if (workloads.length === 0) return ["no workload: the repository asks for none on this device"];
  const [head, ...rows] = overview(workloads);
  return [
    head!,
    ...workloads.flatMap((workload, index) => [
      rows[index]!,
      ...(simplyRuns(workload) ? [] : reasonLines(workload)),
      ...checkLines(workload),
      ...workload.instances.filter((instance) =>
        notable(instance) || (workload.instances.length > 1 && !simplyRuns(workload))
      )
        .map((instance) => `  [${instance.slot}] ${instanceLine(instance, now)}`),
      ...problemLines(workload),
      ...warningLines(workload),
    ]),
  ];
}

/** Its line in the table has said it. */
function simplyRuns({ reason, health }: WorkloadStatus): boolean {
  return reason === "running" && health === "healthy";
}

export function reasonLines({ reason, message, hint }: WorkloadStatus): string[] {
  return [...wrap(`  ${reason}: ${message}`, 4), ...(hint === null ? [] : wrap(`  hint: ${hint}`, 4))];
}

/** What a failing health check answered. */
function checkLines({ health, probes }: WorkloadStatus): string[] {
  const last = probes.at(-1);
  if (health !== "unhealthy" || last === undefined || last.ok) return [];
  return wrap(`  last health check: ${oneLine(last.output)}`, 4);
}

export function oneLine(output: string): string {
  return output.trim().replace(/\s*\n\s*/g, " / ");
}

/** What is used is the first to go where there is no room for it. */
function overview(workloads: WorkloadStatus[]): string[] {
  const full = columns(workloads, ["CPU", "MEM"]);
  return full.every((line) => line.length <= COLUMNS) ? full : columns(workloads, []);
}

function columns(workloads: WorkloadStatus[], use: string[]): string[] {
  const ports = workloads.some((workload) => workload.ports.length > 0);
  return table(
    ["NAME", "PHASE", "HEALTH", "SYNC", ...use, "UP", ...(ports ? ["PORTS"] : [])],
    workloads.map((workload) => [
      ...[workload.name, workload.phase, workload.health, workload.sync],
      ...(use.length === 0 ? [] : used(workload)),
      counts(workload),
      ...(ports ? [workload.ports.join(", ")] : []),
    ]),
  );
}

/** Of all instances together, as far as they are known. */
function used({ instances }: WorkloadStatus): [cpu: string, memory: string] {
  const cpu = sum(instances.map((instance) => instance.cpu_percent));
  const memory = sum(instances.map((instance) => instance.memory_bytes));
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
  return warnings.flatMap(({ reason, message }) => wrap(`  warning: ${reason}: ${message}`, 4));
}

function counts(workload: WorkloadStatus): string {
  const { instances } = workload;
  const running = instances.filter((instance) => instance.pid !== null).length;
  return instances.length === 0 || (running === 0 && isJob(workload)) ? "-" : `${running} of ${instances.length}`;
}

function notable({ restarts, exit_code }: InstanceStatus): boolean {
  return restarts > 0 || (exit_code !== null && exit_code !== 0);
}

function instanceLine(instance: InstanceStatus, now: number): string {
  const id = instance.container_id?.slice(0, 12) ?? (instance.pid === null ? null : `pid ${instance.pid}`);
  const parts = [
    instance.phase,
    id,
    instance.started_at === null ? null : `started ${formatAgo(instance.started_at, now)} ago`,
    instance.restarts === 0 ? null : `${instance.restarts} ${instance.restarts === 1 ? "restart" : "restarts"}`,
    instance.exit_code === null ? null : `exit code ${instance.exit_code}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

/** "12 s", "5 min", "3 h", "2 d" */
export function formatAgo(iso: string, now: number): string {
  return formatDuration((now - Date.parse(iso)) / 1000);
}

export function formatDuration(exactly: number): string {
  const seconds = Math.max(0, Math.round(exactly));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
