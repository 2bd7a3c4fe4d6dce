/** [pure] What Docker says of a container, as an instance. */
import type { Instance, InstanceState, ProbeResult } from "../../model/instance.ts";
import type { DockerWorkload } from "../../model/workload.ts";
import type { ContainerStatus, HealthLogEntry, InspectedContainer } from "./api_types.ts";

/** A container is ours when the first label holds this device's id. Labels cannot be changed once it is created. */
export const LABEL = {
  device: "harbornode.device",
  workload: "harbornode.workload",
  slot: "harbornode.slot",
  fingerprint: "harbornode.fingerprint",
  /** Names of the networks that it is found on, with "," between; absent where it has none of ours. */
  networks: "harbornode.networks",
  /** Of a network of ours. */
  namespace: "harbornode.namespace",
  /** Its limits, as JSON. */
  made: "harbornode.made",
  /** Paths of its image that have a volume of the slot's own, as JSON. */
  volumes: "harbornode.volumes",
  /** Of a volume of ours: the path that its image declares. */
  path: "harbornode.path",
  /** Of an empty volume of ours: the name of the volume that has the data. */
  volume: "harbornode.volume",
  /** Beside it: of two for one path, or for one volume, the higher one counts. */
  order: "harbornode.order",
} as const;

export interface CreationLabels {
  deviceId: string;
  slot: number;
  fingerprint: string;
}

/** What was healthy is the image of this id, whatever its name stands for today. */
export function createdFrom({ image, pinnedImage }: DockerWorkload): string {
  return pinnedImage ?? image;
}

export function containerName(workload: string, slot: number): string {
  return `harbornode-${workload}-${slot}`;
}

/** Null for a container that is not of this device, or whose labels do not say what it is. */
export function asInstance(container: InspectedContainer, deviceId: string): Instance | null {
  const labels = container.Config.Labels ?? {};
  const workload = labels[LABEL.workload];
  const slot = labels[LABEL.slot];
  const fingerprint = labels[LABEL.fingerprint];
  if (labels[LABEL.device] !== deviceId || workload === undefined || fingerprint === undefined) return null;
  if (slot === undefined || !/^\d{1,6}$/.test(slot)) return null;
  const { State: state } = container;
  const instanceState = STATES[state.Status] ?? "exited";
  const alive = instanceState === "running" || instanceState === "paused";
  const startedAt = instanceState === "created" ? null : time(state.StartedAt);
  const endedAt = time(state.FinishedAt);
  return {
    id: container.Id,
    workload,
    slot: Number(slot),
    runtime: "docker",
    fingerprint,
    state: instanceState,
    pid: alive && state.Pid !== undefined && state.Pid > 0 ? state.Pid : null,
    containerId: container.Id,
    startedAt,
    // A program that ends at once ended before Docker wrote down that it had started.
    endedAt: instanceState === "exited" && endedAt !== null ? Math.max(endedAt, startedAt ?? 0) : null,
    exitCode: instanceState === "exited" ? state.ExitCode ?? null : null,
    runtimeHealth: alive ? healthOf(state.Health?.Status) : null,
    ...(alive && state.Health?.Log ? { checks: state.Health.Log.map(asResult) } : {}),
    ports: alive ? publishedPorts(container) : [],
    ...(alive && isCanary(container) ? { canary: true } : {}),
    ...(alive ? ownVolumes(container) : {}),
    imageId: container.Image,
    warnings: instanceState === "exited" && state.OOMKilled === true ? [OVER_MEMORY] : [],
  };
}

/** Paths with a volume that the next container of the slot gets: ours, and those that Docker named by itself. */
function ownVolumes(container: InspectedContainer): Pick<Instance, "ownVolumes"> {
  let labelled: unknown = null;
  try {
    labelled = JSON.parse(container.Config.Labels?.[LABEL.volumes] ?? "null");
  } catch {
    // Somebody else made a container that looks like ours.
  }
  const named = Array.isArray(labelled) ? labelled.filter((path) => typeof path === "string") : [];
  const paths = [...new Set([...named, ...unnamedVolumes(container).keys()])].sort();
  return paths.length === 0 ? {} : { ownVolumes: paths };
}

/** Volumes of the container that Docker made for its image's VOLUME, and named by itself: name by path. */
export function unnamedVolumes({ Mounts: mounts = [] }: InspectedContainer): Map<string, string> {
  return new Map(
    mounts.flatMap(({ Type: type, Name: name = "", Destination: path }) =>
      type === "volume" && /^[0-9a-f]{64}$/.test(name) && path !== undefined ? [[path, name]] : []
    ),
  );
}

/** The networks that it belongs on; empty for one that is found on none by us. */
export function networksOf({ Config: { Labels: labels } }: InspectedContainer): string[] {
  return (labels?.[LABEL.networks] ?? "").split(",").filter((name) => name !== "");
}

/** Whether others do not find it by its workload's name, in one of its networks or more. It may be in none of them. */
export function isCanary(container: InspectedContainer): boolean {
  const name = container.Config.Labels?.[LABEL.workload] ?? "";
  const joined = container.NetworkSettings?.Networks ?? {};
  return networksOf(container).some((network) => joined[network]?.Aliases?.includes(name) !== true);
}

/** Where the device reaches the container; null when it has no network. */
export function networkAddress(container: InspectedContainer): string | null {
  if (container.HostConfig?.NetworkMode === "host") return "127.0.0.1";
  const networks = Object.values(container.NetworkSettings?.Networks ?? {});
  return networks.map((network) => network?.IPAddress).find((address) => address !== undefined && address !== "") ??
    null;
}

const OVER_MEMORY: Instance["warnings"][number] = {
  reason: "out_of_memory",
  message: "was killed: it was over its memory limit",
};

/** As much as of a manifest's probe. */
const OUTPUT_CHARS = 400;

const STATES: Record<ContainerStatus, InstanceState> = {
  created: "created",
  running: "running",
  paused: "paused",
  // Docker is about to start it, as its restart policy says.
  restarting: "running",
  removing: "exited",
  exited: "exited",
  dead: "exited",
};

function healthOf(status: string | undefined): Instance["runtimeHealth"] {
  return status === "starting" || status === "healthy" || status === "unhealthy" ? status : null;
}

function asResult({ Start: start, End: end, ExitCode: code, Output: output = "" }: HealthLogEntry): ProbeResult {
  const endedAt = time(end) ?? 0;
  const message = output.trimEnd().slice(0, OUTPUT_CHARS);
  return {
    at: endedAt,
    ok: code === 0,
    durationMs: Math.max(0, endedAt - (time(start) ?? endedAt)),
    output: `exit code ${code ?? "unknown"}${message === "" ? "" : `: ${message}`}`,
  };
}

function publishedPorts(container: InspectedContainer): string[] {
  const entries = Object.entries(container.NetworkSettings?.Ports ?? {});
  // Docker lists a port twice when it is published for IPv4 and IPv6.
  return [
    ...new Set(entries.flatMap(([port, bindings]) => {
      const protocol = port.split("/")[1] ?? "tcp";
      return (bindings ?? []).map((binding) => `${binding.HostPort}/${protocol}`);
    })),
  ].sort();
}

/** In ms since 1970. */
export function time(text: string | undefined): number | null {
  const ms = text === undefined ? NaN : Date.parse(text);
  // Go's zero time stands for never.
  return Number.isNaN(ms) || ms < 0 ? null : ms;
}
