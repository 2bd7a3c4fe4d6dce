/** [pure] The snapshot that CLI, page and API show, built from the results of one reconcile. */
import { fingerprint } from "../model/fingerprint.ts";
import { type Instance, type Observation, observedInstances, type ProbeResult } from "../model/instance.ts";
import type { Override } from "../model/override.ts";
import type {
  Delivery,
  Event,
  ImageStatus,
  InstanceStatus,
  NotifyStatus,
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

export interface SnapshotInput {
  /** Facts about the device and the daemon, as they are shown. */
  device: Snapshot["device"];
  daemon: Snapshot["daemon"];
  source: SourceStatus;
  pendingRemoval: Plan["pendingRemoval"];
  progress: Pick<RevisionProgress, "workloads">;
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  states: ReadonlyMap<string, WorkloadState>;
  /** What the operations under way are doing, by workload name. */
  operations: ReadonlyMap<string, string>;
  /** Results of the manifests' probes by instance id, newest last. */
  probeResults: ReadonlyMap<string, readonly ProbeResult[]>;
  /** Last output of failed workloads, by name. */
  lastLines: ReadonlyMap<string, readonly string[]>;
  /** Names of valid manifests that do not select this device. */
  notSelected: readonly string[];
  events: readonly Event[];
  deliveries: readonly Delivery[];
  notifications: readonly NotifyStatus[];
  now: number;
}

/** Builds a snapshot. Usage (CPU, memory) is not in it: that changes faster than the device is observed. */
export function buildSnapshot(input: SnapshotInput): Snapshot {
  const instances = Map.groupBy(observedInstances(input.observations), (instance) => instance.workload);
  return {
    device: input.device,
    daemon: input.daemon,
    source: input.source,
    runtimes: (["native", "docker"] as const).map((name) => runtimeStatus(name, input)),
    workloads: input.progress.workloads.map((progress) => {
      return workloadStatus(progress, instances.get(progress.workload.name) ?? [], input);
    }),
    prune_held: input.pendingRemoval,
    not_selected: [...input.notSelected],
    events: [...input.events],
    deliveries: [...input.deliveries],
    notifications: [...input.notifications],
  };
}

function runtimeStatus(
  name: RuntimeName,
  { observations, enabledRuntimes }: SnapshotInput,
): Snapshot["runtimes"][number] {
  if (!enabledRuntimes.includes(name)) {
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
    ...statusSummary(progress, input.operations.get(name) ?? null),
    revision,
    fingerprint: spec === null ? null : fingerprint(spec),
    image: spec === null ? null : imageStatus(spec, instances),
    ports: spec === null ? [] : portTexts(spec, instances),
    instances: progress.instances.map(instanceStatus),
    problems: invalid?.problems ?? [],
    warnings: distinctWarnings(instances),
    held: override === null ? null : overrideStatus(override),
    last_lines: [...input.lastLines.get(name) ?? []],
    runs: (input.states.get(name)?.job?.runs ?? []).map(runStatus),
    next_run_at: job === null ? null : timeOrNull(nextDue(job, input.now)),
    probes: instances.flatMap((instance) => probeStatuses(instance, input)),
    ...rolloutStatus(spec, rollouts),
  };
}

function overrideStatus({ action, since, until }: Override): WorkloadStatus["held"] {
  return { action, since: isoTime(since), until: timeOrNull(until) };
}

/** Shows the results of the manifest's probe; without any, those of the health check of the image. */
function probeStatuses({ id, checks = [] }: Instance, { probeResults }: SnapshotInput): ProbeResultStatus[] {
  const results = probeResults.get(id) ?? [];
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
