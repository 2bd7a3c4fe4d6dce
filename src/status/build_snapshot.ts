/** [pure] The snapshot that CLI, page and API show, built from the results of one reconcile. */
import { fingerprint } from "../model/fingerprint.ts";
import { type Instance, type Observation, observedInstances, type ProbeResult } from "../model/instance.ts";
import type { Override } from "../model/override.ts";
import type {
  ImageStatus,
  InstanceStatus,
  ProbeResultStatus,
  RunStatus,
  Snapshot,
  SourceStatus,
  Warning,
  WorkloadStatus,
} from "../model/snapshot.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import type { Port, RuntimeName, Workload } from "../model/workload.ts";
import type { JobRun, WorkloadState } from "../model/workload_state.ts";
import type { InstanceAssessment } from "../reconciler/pipeline/assess_instance.ts";
import { nextDue } from "../reconciler/pipeline/next_run.ts";
import type { Plan } from "../reconciler/pipeline/plan.ts";
import type { RevisionProgress } from "../reconciler/pipeline/revision_progress.ts";
import type { WorkloadProgress } from "../reconciler/pipeline/workload_progress.ts";
import { rolloutStatus } from "./rollout_status.ts";
import { statusSummary } from "./workload_status.ts";

/** Facts of a device and of its daemon that do not change while the daemon runs. */
export interface DeviceFacts {
  device: Pick<Snapshot["device"], "name" | "id" | "labels" | "arch">;
  daemon: Pick<Snapshot["daemon"], "version" | "pid" | "started_at">;
  source: Pick<SourceStatus, "url" | "branch" | "ref" | "path">;
  enabledRuntimes: readonly RuntimeName[];
}

/** State of the source as it is shown. */
export type SourceProgress = Omit<SourceStatus, keyof DeviceFacts["source"] | "planned">;

export interface SnapshotInput {
  facts: DeviceFacts;
  source: SourceProgress;
  /** The revision that the plan was made for; null before the first plan. */
  planned: string | null;
  pendingRemoval: Plan["pendingRemoval"];
  progress: Pick<RevisionProgress, "workloads">;
  observations: readonly Observation[];
  states: ReadonlyMap<string, WorkloadState>;
  /** What the operations under way are doing, by workload name. */
  operations: ReadonlyMap<string, { progress: string | null }>;
  /** Returns the results of the manifest's probe of an instance, newest last. */
  probeResults(instanceId: string): readonly ProbeResult[];
  /** Names of valid manifests that do not select this device. */
  notSelected: readonly string[];
  now: number;
}

/** The part of a snapshot that one reconcile determines. */
export interface ReconciledSnapshot extends Omit<Snapshot, "device" | "daemon" | keyof LiveLists> {
  device: DeviceFacts["device"];
  daemon: DeviceFacts["daemon"];
}

type LiveLists = Pick<Snapshot, "events" | "deliveries" | "notifications">;

/** Values that change without a reconcile. They are joined when a snapshot is read. */
export interface LiveValues extends LiveLists {
  device: Omit<Snapshot["device"], keyof DeviceFacts["device"]>;
  daemon: Omit<Snapshot["daemon"], keyof DeviceFacts["daemon"]>;
  source: Pick<SourceStatus, "sync" | "progress">;
  /** Adds the latest resource usage, and the last output of a workload that failed. */
  workload(status: WorkloadStatus): WorkloadStatus;
}

/** Builds what a snapshot shows of one reconcile. Nothing is decided from the result. */
export function buildSnapshot(input: SnapshotInput): ReconciledSnapshot {
  const { facts, source, planned } = input;
  const instances = Map.groupBy(observedInstances(input.observations), (instance) => instance.workload);
  return {
    device: facts.device,
    daemon: facts.daemon,
    source: { ...facts.source, ...source, planned },
    runtimes: (["native", "docker"] as const).map((name) => runtimeStatus(name, input)),
    workloads: input.progress.workloads.map((progress) => {
      return workloadStatus(progress, instances.get(progress.workload.name) ?? [], input);
    }),
    pending_removal: input.pendingRemoval,
    not_selected: [...input.notSelected],
  };
}

/** Joins live values with the snapshot of a reconcile. Changes neither. */
export function withLiveValues(snapshot: ReconciledSnapshot, live: LiveValues): Snapshot {
  const { device, daemon, source, workload, ...lists } = live;
  return {
    ...snapshot,
    ...lists,
    device: { ...snapshot.device, ...device },
    daemon: { ...snapshot.daemon, ...daemon },
    source: { ...snapshot.source, ...source },
    workloads: snapshot.workloads.map(workload),
  };
}

function runtimeStatus(
  name: RuntimeName,
  { observations, facts }: SnapshotInput,
): Snapshot["runtimes"][number] {
  if (!facts.enabledRuntimes.includes(name)) {
    return { name, enabled: false, ok: false, message: "switched off in the settings" };
  }
  const observation = observations.find((candidate) => candidate.runtime === name);
  if (observation === undefined) return { name, enabled: true, ok: false, message: "was not looked at yet" };
  return { name, enabled: true, ok: observation.ok, message: observationMessage(observation) };
}

function observationMessage(observation: Observation): string {
  if (!observation.ok) return observation.message;
  return observation.about === undefined ? "answers" : `answers: ${observation.about}`;
}

/** `observed`: instances of the workload, also when it has no spec that they could be assessed against. */
function workloadStatus(
  progress: WorkloadProgress,
  observed: readonly Instance[],
  input: SnapshotInput,
): WorkloadStatus {
  const { workload, rollouts } = progress;
  const { name, kind, spec, invalid, override, revision, runtimeChoice } = workload;
  const instances = observed.toSorted((a, b) => a.slot - b.slot || (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const job = spec?.job ?? null;
  return {
    name,
    kind,
    runtime: spec?.runtime ?? (kind === "service" ? "native" : "docker"),
    mode: runtimeChoice?.mode ?? null,
    description: spec?.description ?? "",
    ...statusSummary(progress, input.operations.get(name)?.progress ?? null),
    revision,
    fingerprint: spec === null ? null : fingerprint(spec),
    image: spec === null ? null : imageStatus(spec, instances),
    ports: spec === null ? [] : portTexts(spec, instances),
    instances: progress.instances.map(instanceStatus),
    problems: invalid?.problems ?? [],
    warnings: distinctWarnings(instances),
    override: override === null ? null : overrideStatus(override),
    last_lines: [],
    runs: (input.states.get(name)?.job?.runs ?? []).map(runStatus),
    next_run_at: job === null ? null : timeOrNull(nextDue(job, input.now)),
    probes: instances.flatMap((instance) => probeStatuses(instance, input)),
    ...rolloutStatus(spec, rollouts),
  };
}

function overrideStatus({ action, since, until }: Override): WorkloadStatus["override"] {
  return { action, since: isoTime(since), until: timeOrNull(until) };
}

/** Shows the results of the manifest's probe; without any, those of the health check of the image. */
function probeStatuses({ id, checks = [] }: Instance, { probeResults }: SnapshotInput): ProbeResultStatus[] {
  const results = probeResults(id);
  return (results.length > 0 ? results : checks).map(({ at, ok, durationMs, output }) => {
    return { at: isoTime(at), ok, duration_ms: durationMs, output };
  });
}

function instanceStatus({ instance, slotState, phase, phaseHealth }: InstanceAssessment): InstanceStatus {
  return {
    slot: instance.slot,
    pid: instance.pid,
    container_id: instance.containerId,
    phase,
    health: phaseHealth,
    started_at: timeOrNull(instance.startedAt),
    restarts: slotState?.restarts ?? 0,
    exit_code: instance.exitCode,
    cpu_percent: null,
    memory_bytes: null,
  };
}

/** Shows the image of an instance of the spec, or else of an instance that still runs in its place. */
function imageStatus(spec: Workload, instances: readonly Instance[]): ImageStatus | null {
  if (spec.runtime !== "docker") return null;
  const wanted = fingerprint(spec);
  const shown = instances.find((instance) => instance.fingerprint === wanted) ??
    instances.find((instance) => instance.runtime === "docker");
  return { reference: spec.image, id: shown?.imageId ?? null, digest: shown?.imageDigest ?? null };
}

/** Lists the warnings of running instances. Replicas mostly have the same ones: each message is listed once. */
function distinctWarnings(instances: readonly Instance[]): Warning[] {
  const all = instances.filter((instance) => instance.state === "running").flatMap((instance) => instance.warnings);
  return [...new Map(all.map((warning) => [warning.message, warning])).values()];
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

/** A port that the device assigns is listed once for each instance. */
function portTexts(spec: Workload, instances: readonly Instance[]): string[] {
  return spec.ports.flatMap((port, index) => {
    if (port.host !== 0) return portText(port, spec);
    const assigned = instances.flatMap((instance) => instance.state === "exited" ? [] : instance.ports[index] ?? []);
    return assigned.length === 0 ? `${port.protocol}, chosen at the start` : assigned;
  });
}

/** Formats a port as "8080/tcp", "127.0.0.1:8080->80/tcp", or "80/tcp (not published)". */
function portText(port: Port, spec: Workload): string {
  if (spec.runtime === "native") return `${port.container}/${port.protocol}`;
  if (port.host === null) return `${port.container}/${port.protocol} (not published)`;
  return `${port.hostAddress}:${port.host}->${port.container}/${port.protocol}`;
}
