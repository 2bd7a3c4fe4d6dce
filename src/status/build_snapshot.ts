/** What a pass saw, as the one snapshot that CLI, page and API show. */
import type { Override } from "../model/override.ts";
import type { Desired } from "../model/desired.ts";
import type { JobRun, WorkloadState } from "../model/workload_state.ts";
import { type Instance, type Observation, observedInstances, type ProbeResult } from "../model/instance.ts";
import { NO_ROLLOUTS } from "../model/rollout.ts";
import type {
  Event,
  ImageStatus,
  InstanceStatus,
  ProbeResultStatus,
  RunStatus,
  Snapshot,
  Warning,
  WorkloadStatus,
} from "../model/snapshot.ts";
import type { Port, RuntimeName, Workload } from "../model/workload.ts";
import type { ProbedHealths } from "../reconciler/pipeline/instance_health.ts";
import type { Plan } from "../reconciler/pipeline/plan.ts";
import type { RetryState } from "../reconciler/pipeline/retry_state.ts";
import { workloadCondition } from "./workload_status.ts";
import type { StatusInput } from "./status_input.ts";
import { instancePhase } from "./instance_status.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolve_workloads.ts";
import { nextDue } from "../reconciler/pipeline/next_run.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import { rolloutStatus } from "./rollout_status.ts";

/** Facts of a device and of its daemon that do not change while the daemon runs. */
export interface DeviceFacts {
  device: Pick<Snapshot["device"], "name" | "id" | "labels" | "arch">;
  daemon: Pick<Snapshot["daemon"], "version" | "pid" | "started_at">;
  source: Pick<Snapshot["source"], "url" | "branch" | "ref" | "path">;
  enabledRuntimes: readonly RuntimeName[];
}

/** State of the source as the snapshot shows it. */
export type SourceProgress = Omit<Snapshot["source"], keyof DeviceFacts["source"] | "planned">;

export interface SnapshotInput {
  facts: DeviceFacts;
  source: SourceProgress;
  desired: Desired | null;
  /** The revision that the plan was made for; null before the first. */
  planned: string | null;
  plan: Pick<Plan, "workloads" | "waiting" | "pendingRemoval">;
  observations: readonly Observation[];
  states: ReadonlyMap<string, WorkloadState>;
  retries: ReadonlyMap<string, RetryState>;
  /** What operations under way are doing, by workload. */
  operations: ReadonlyMap<string, { progress: string | null }>;
  probedHealth: ProbedHealths;
  /** Results of the manifest's probe of an instance, by its id. */
  probeResults(instanceId: string): readonly ProbeResult[];
  now: number;
}

/** Values that change without a reconcile. They are joined when a snapshot is read, not when it is built. */
export interface LiveValues {
  device: Pick<Snapshot["device"], "uptime_s" | "upgrade" | "recipient" | "state_set_aside" | "state_unsaved">;
  rssBytes: number;
  source: Pick<Snapshot["source"], "sync" | "progress">;
  events: Event[];
  deliveries: Snapshot["deliveries"];
  notifications: Snapshot["notifications"];
  /** The status with the latest resource usage and the last output of a failed workload. */
  workload(status: WorkloadStatus): WorkloadStatus;
}

/** The part of a snapshot that one reconcile determines. */
export type ReconciledSnapshot = Omit<Snapshot, "events" | "deliveries" | "notifications" | "device" | "daemon"> & {
  device: DeviceFacts["device"];
  daemon: DeviceFacts["daemon"];
};

/** Builds what a snapshot shows of one reconcile. Pure: it decides nothing, and nothing is decided from it. */
export function buildSnapshot(input: SnapshotInput): ReconciledSnapshot {
  const { facts, source, desired, planned, plan } = input;
  const instances = Map.groupBy(observedInstances(input.observations), (instance) => instance.workload);
  return {
    device: facts.device,
    daemon: facts.daemon,
    source: { ...facts.source, ...source, planned },
    runtimes: runtimeStatus(input),
    workloads: plan.workloads.map((workload) => workloadStatus(input, workload, instances.get(workload.name) ?? [])),
    pending_removal: plan.pendingRemoval,
    not_selected: desired?.notSelected ?? [],
  };
}

/** Joins live values with the snapshot of the last reconcile. Changes neither. */
export function withLiveValues(snapshot: ReconciledSnapshot, live: LiveValues): Snapshot {
  return {
    ...snapshot,
    device: { ...snapshot.device, ...live.device },
    daemon: { ...snapshot.daemon, rss_bytes: live.rssBytes },
    source: { ...snapshot.source, ...live.source },
    workloads: snapshot.workloads.map((status) => live.workload(status)),
    events: live.events,
    deliveries: live.deliveries,
    notifications: live.notifications,
  };
}

function runtimeStatus({ facts, observations }: SnapshotInput): Snapshot["runtimes"] {
  return (["native", "docker"] as const).map((name) => {
    if (!facts.enabledRuntimes.includes(name)) {
      return { name, enabled: false, ok: false, message: "switched off in the settings" };
    }
    const observation = observations.find((observation) => observation.runtime === name);
    if (observation === undefined) return { name, enabled: true, ok: false, message: "was not looked at yet" };
    return { name, enabled: true, ok: observation.ok, message: runtimeMessage(observation) };
  });
}

function runtimeMessage(observation: Observation): string {
  if (!observation.ok) return observation.message;
  return observation.about === undefined ? "answers" : `answers: ${observation.about}`;
}

function workloadStatus(
  snapshot: SnapshotInput,
  workload: ResolvedWorkload,
  unsorted: readonly Instance[],
): WorkloadStatus {
  const { name, kind, spec, invalid, revision } = workload;
  const instances = unsorted.toSorted((a, b) => a.slot - b.slot || (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const input: StatusInput = {
    workload,
    instances,
    observations: snapshot.observations,
    enabledRuntimes: snapshot.facts.enabledRuntimes,
    state: snapshot.states.get(name),
    retry: snapshot.retries.get(name),
    progress: snapshot.operations.get(name)?.progress ?? null,
    probedHealth: snapshot.probedHealth,
    waiting: snapshot.plan.waiting.get(name) ?? null,
    now: snapshot.now,
  };
  return {
    name,
    kind,
    runtime: spec?.runtime ?? (kind === "service" ? "native" : "docker"),
    mode: workload.runtimeChoice?.mode ?? null,
    description: spec?.description ?? "",
    ...workloadCondition(input),
    revision,
    fingerprint: spec === null ? null : fingerprint(spec),
    image: spec === null ? null : imageStatus(spec, instances),
    ports: spec === null ? [] : portTexts(spec, instances),
    instances: spec === null ? [] : instances.map((instance) => instanceStatus(input, spec, instance)),
    problems: invalid?.problems ?? [],
    warnings: warningsOf(instances),
    override: workload.override === null ? null : overrideStatus(workload.override),
    // Joined when the snapshot is read.
    last_lines: [],
    runs: (input.state?.job?.runs ?? []).map(runStatus),
    next_run_at: spec?.job === null || spec === null ? null : timeOrNull(nextDue(spec.job, input.now)),
    probes: instances.flatMap((instance) => probesOf(snapshot, instance)),
    ...rolloutStatus(workload, input.state?.rollouts ?? NO_ROLLOUTS),
  };
}

function overrideStatus({ action, since, until }: Override): WorkloadStatus["override"] {
  return { action, since: isoTime(since), until: timeOrNull(until) };
}

/** Of the manifest's probe; without one, of the check that the image brings along. */
function probesOf({ probeResults }: SnapshotInput, { id, checks = [] }: Instance): ProbeResultStatus[] {
  const results = probeResults(id);
  return (results.length > 0 ? results : checks).map(({ at, ok, durationMs, output }) => {
    return { at: isoTime(at), ok, duration_ms: durationMs, output };
  });
}

function instanceStatus(input: StatusInput, spec: Workload, instance: Instance): InstanceStatus {
  const slot = input.state?.slots[instance.slot];
  return {
    slot: instance.slot,
    pid: instance.pid,
    container_id: instance.containerId,
    ...instancePhase(input, spec, instance),
    started_at: instance.startedAt === null ? null : isoTime(instance.startedAt),
    restarts: slot?.fingerprint === instance.fingerprint ? slot.restarts : 0,
    exit_code: instance.exitCode,
    // Filled in when somebody asks: they are older or younger than the pass.
    cpu_percent: null,
    memory_bytes: null,
  };
}

/** Of the spec's own instances, or of those that still run in their place. */
function imageStatus(spec: Workload, instances: readonly Instance[]): ImageStatus | null {
  if (spec.runtime !== "docker") return null;
  const wanted = fingerprint(spec);
  const one = instances.find((instance) => instance.fingerprint === wanted) ??
    instances.find((instance) => instance.runtime === "docker");
  return { reference: spec.image, id: one?.imageId ?? null, digest: one?.imageDigest ?? null };
}

/** Instances of one workload mostly lack the same: each sentence once. */
function warningsOf(instances: readonly Instance[]): Warning[] {
  const all = instances.filter((instance) => instance.state === "running").flatMap((instance) => instance.warnings);
  return [...new Map(all.map((one) => [one.message, one])).values()];
}

function runStatus(run: JobRun): RunStatus {
  return {
    due_at: isoTime(run.dueAt),
    started_at: timeOrNull(run.startedAt),
    ended_at: timeOrNull(run.endedAt),
    exit_code: run.exitCode,
    outcome: run.outcome,
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

/** A port that the device chose is as many as there are instances. */
function portTexts(spec: Workload, instances: readonly Instance[]): string[] {
  return spec.ports.flatMap((port, index) => {
    if (port.host !== 0) return portText(port, spec);
    const chosen = instances.flatMap((instance) => instance.state === "exited" ? [] : instance.ports[index] ?? []);
    return chosen.length === 0 ? `${port.protocol}, chosen at the start` : chosen;
  });
}

/** "8080/tcp", "127.0.0.1:8080->80/tcp", or "80/tcp (not published)". */
function portText(port: Port, spec: Workload): string {
  if (spec.runtime === "native") return `${port.container}/${port.protocol}`;
  if (port.host === null) return `${port.container}/${port.protocol} (not published)`;
  return `${port.hostAddress}:${port.host}->${port.container}/${port.protocol}`;
}
