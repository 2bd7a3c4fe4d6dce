/** What a pass saw, as the one snapshot that CLI, page and API show. */
import type { Override } from "../model/override.ts";
import type { JobRun } from "../model/workload_state.ts";
import { type Instance, type Observation, observedInstances } from "../model/instance.ts";
import { NO_ROLLOUTS } from "../model/rollout.ts";
import type {
  ImageStatus,
  InstanceStatus,
  ProbeResultStatus,
  RunStatus,
  Snapshot,
  Warning,
  WorkloadStatus,
} from "../model/snapshot.ts";
import type { Port, Workload } from "../model/workload.ts";
import { workloadCondition } from "./workload_status.ts";
import type { StatusInput } from "./status_input.ts";
import { instancePhase } from "./instance_status.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolve_workloads.ts";
import { nextDue } from "../reconciler/pipeline/next_run.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { newerFiles, newerSentence } from "../store/versioned_file.ts";
import { VERSION } from "../version.ts";
import type { Device } from "../daemon/device.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import { rolloutStatus } from "./rollout_status.ts";
import { uptimeSeconds } from "../daemon/device_id.ts";
import { unsavedStatus } from "../daemon/unsaved_state.ts";

export function buildSnapshot(device: Device): Snapshot {
  const { settings, source, sourceState, sourceStatus } = device;
  const instances = Map.groupBy(
    observedInstances(device.observations),
    (instance) => instance.workload,
  );
  const verdicts = device.prober.statuses();
  return {
    device: {
      name: settings.device,
      id: device.id,
      labels: settings.labels,
      arch: Deno.build.arch,
      uptime_s: uptimeSeconds(),
      upgrade: device.upgrade,
      state_set_aside: newerFiles().map(newerSentence),
      state_unsaved: unsavedStatus(device.disk.unsaved),
      recipient: device.vault.recipient,
    },
    daemon: {
      version: VERSION,
      pid: Deno.pid,
      rss_bytes: Deno.memoryUsage().rss,
      started_at: isoTime(device.startedAt),
    },
    source: {
      url: source.url,
      branch: source.branch,
      ref: source.ref,
      path: source.path,
      ...sourceStatus,
      seen: sourceState.seen,
      attempted: sourceState.attempted,
      applied: sourceState.applied,
      healthy: sourceState.healthy,
      planned: device.planned?.revision ?? null,
      subject: device.revision?.subject ?? null,
      author: device.revision?.author ?? null,
      signer: signerOf(device),
    },
    runtimes: runtimeStatus(device),
    workloads: device.plan.workloads.map((workload) =>
      workloadStatus(device, workload, { instances: instances.get(workload.name) ?? [], probedHealth: verdicts })
    ),
    pending_removal: device.plan.pendingRemoval,
    not_selected: device.desired?.notSelected ?? [],
    events: [...device.events],
    deliveries: [...device.deliveries.deliveries],
    notifications: device.notifier.outbox.status(),
  };
}

function signerOf({ settings, sourceState: { signed = [], applied } }: Device): string | null {
  if (settings.trust.verify === "none") return null;
  return signed.find((one) => one.revision === applied)?.signer ?? null;
}

function runtimeStatus(device: Device): Snapshot["runtimes"] {
  return (["native", "docker"] as const).map((name) => {
    if (!device.runtimes.has(name)) return { name, enabled: false, ok: false, message: "switched off in the settings" };
    const observation = device.observations.find((one) => one.runtime === name);
    if (observation === undefined) return { name, enabled: true, ok: false, message: "was not looked at yet" };
    return { name, enabled: true, ok: observation.ok, message: saidOf(observation) };
  });
}

function saidOf(observation: Observation): string {
  if (!observation.ok) return observation.message;
  return observation.about === undefined ? "answers" : `answers: ${observation.about}`;
}

function workloadStatus(
  device: Device,
  workload: ResolvedWorkload,
  own: Pick<StatusInput, "instances" | "probedHealth">,
): WorkloadStatus {
  const { name, kind, spec, invalid, revision } = workload;
  const instances = own.instances
    .toSorted((a, b) => a.slot - b.slot || (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const input: StatusInput = {
    workload,
    instances,
    observations: device.observations,
    enabledRuntimes: [...device.runtimes.keys()],
    state: device.workloadStates.all.get(name),
    retry: device.retries.get(name),
    progress: device.operations.get(name)?.progress ?? null,
    probedHealth: own.probedHealth,
    waiting: device.plan.waiting.get(name) ?? null,
    now: device.clock.now(),
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
    last_lines: device.lastLines.get(name)?.lines ?? [],
    runs: (input.state?.job?.runs ?? []).map(runStatus),
    next_run_at: spec?.job === null || spec === null ? null : timeOrNull(nextDue(spec.job, input.now)),
    probes: instances.flatMap((instance) => probesOf(device, instance)),
    ...rolloutStatus(workload, input.state?.rollouts ?? NO_ROLLOUTS),
  };
}

function overrideStatus({ action, since, until }: Override): WorkloadStatus["override"] {
  return { action, since: isoTime(since), until: timeOrNull(until) };
}

/** Of the manifest's probe; without one, of the check that the image brings along. */
function probesOf({ prober }: Device, { id, checks = [] }: Instance): ProbeResultStatus[] {
  const results = prober.results(id);
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
