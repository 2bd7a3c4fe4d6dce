/** A workload as Docker's create request, and what Docker says of a container as an instance. */
import { join } from "node:path";
import { Failure } from "../../failure.ts";
import type { Instance, InstanceState } from "../../model/observed.ts";
import { substitutePorts } from "../../model/port.ts";
import type { DockerWorkload, Gpus, LogBound, Mount } from "../../model/workload.ts";
import type { ContainerStatus, CreateContainer, CreateMount, DeviceRequest, InspectedContainer } from "./wire.ts";

/** A container is ours when the first label holds this device's id. Labels can't be changed once it is created. */
export const LABEL = {
  device: "harbornode.device",
  workload: "harbornode.workload",
  slot: "harbornode.slot",
  fingerprint: "harbornode.fingerprint",
  /** Names of the networks that it is found on, with "," between; absent where it has none of ours. */
  networks: "harbornode.networks",
  /** Its limits, as JSON. */
  made: "harbornode.made",
} as const;

export interface Marks {
  deviceId: string;
  slot: number;
  fingerprint: string;
}

export function containerName(workload: string, slot: number): string {
  return `harbornode-${workload}-${slot}`;
}

/**
 * Docker is not to restart it before that is granted (grant.ts), when it has run steadily.
 * There is no init process either, since images that bring their own must have pid 1.
 */
export function createRequest(workload: DockerWorkload, marks: Marks & { filesDir: string | null }): CreateContainer {
  const { resources } = workload;
  const fill = (text: string) => substitutePorts(text, workload.ports);
  return {
    Image: workload.image,
    ...(workload.entrypoint === null ? {} : { Entrypoint: workload.entrypoint.map(fill) }),
    ...(workload.command === null ? {} : { Cmd: workload.command.map(fill) }),
    Env: Object.entries(workload.env).map(([name, value]) => `${name}=${fill(value)}`),
    ...(workload.user === null ? {} : { User: workload.user }),
    ...(workload.workingDir === null ? {} : { WorkingDir: workload.workingDir }),
    ExposedPorts: Object.fromEntries(workload.ports.map((port) => [`${port.container}/${port.protocol}`, {}])),
    Labels: {
      [LABEL.device]: marks.deviceId,
      [LABEL.workload]: workload.name,
      [LABEL.slot]: String(marks.slot),
      [LABEL.fingerprint]: marks.fingerprint,
    },
    // Only for a person who stops it by hand: ours come with each stop, since they may change without a new container.
    StopSignal: workload.stopSignal,
    StopTimeout: Math.ceil(workload.stopTimeoutMs / 1000),
    HostConfig: {
      PortBindings: portBindings(workload),
      Mounts: workload.mounts.map((mount) => createMount(mount, marks.filesDir)),
      Memory: resources.memoryBytes ?? 0,
      NanoCpus: Math.round((resources.cpus ?? 0) * 1e9),
      PidsLimit: resources.pids,
      RestartPolicy: { Name: "no" },
      LogConfig: logConfig(workload.logs),
      SecurityOpt: ["no-new-privileges"],
      ...(workload.devices.length === 0 ? {} : { Devices: workload.devices.map(deviceMapping) }),
      ...(workload.gpus === null ? {} : { DeviceRequests: [gpuRequest(workload.gpus)] }),
    },
  };
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
    ports: alive ? publishedPorts(container) : [],
    warnings: instanceState === "exited" && state.OOMKilled === true ? [OVER_MEMORY] : [],
  };
}

/** The networks that it belongs on; empty for one that is found on none by us. */
export function networksOf({ Config: { Labels: labels } }: InspectedContainer): string[] {
  return (labels?.[LABEL.networks] ?? "").split(",").filter((name) => name !== "");
}

/** Where the device reaches the container; null when it has no network of its own. */
export function networkAddress(container: InspectedContainer): string | null {
  const networks = Object.values(container.NetworkSettings?.Networks ?? {});
  return networks.map((network) => network?.IPAddress).find((address) => address !== undefined && address !== "") ??
    null;
}

const OVER_MEMORY: Instance["warnings"][number] = {
  reason: "out_of_memory",
  message: "was killed: it was over its memory limit",
};

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

/** Without a bound a chatty container fills the disk; this driver is the one that can be read back everywhere. */
function logConfig({ maxBytes, maxFiles }: LogBound): CreateContainer["HostConfig"]["LogConfig"] {
  // Docker counts the file that is written to, and refuses to compress where there is no other.
  const compress = maxFiles === 0 ? {} : { compress: "true" };
  return { Type: "json-file", Config: { "max-size": String(maxBytes), "max-file": String(maxFiles + 1), ...compress } };
}

function portBindings(workload: DockerWorkload): CreateContainer["HostConfig"]["PortBindings"] {
  const published = workload.ports.filter((port) => port.host !== null);
  const byPort = Map.groupBy(published, (port) => `${port.container}/${port.protocol}`);
  return Object.fromEntries(
    [...byPort].map((
      [name, ports],
    ) => [name, ports.map((port) => ({ HostIp: port.hostAddress, HostPort: String(port.host) }))]),
  );
}

/** Under the same path as on the device. */
function deviceMapping(path: string) {
  return { PathOnHost: path, PathInContainer: path, CgroupPermissions: "rwm" };
}

function gpuRequest(gpus: Gpus): DeviceRequest {
  const Count = gpus === "all" ? -1 : gpus;
  return { Driver: "", Count, DeviceIDs: null, Capabilities: [["gpu"]], Options: {} };
}

function createMount(mount: Mount, filesDir: string | null): CreateMount {
  switch (mount.type) {
    case "files":
      // Always read only: the folder is shared by all instances of this content.
      return { Type: "bind", Source: fileSource(mount.source, filesDir), Target: mount.target, ReadOnly: true };
    case "volume":
      return { Type: "volume", Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly };
    case "tmpfs": {
      const size = mount.sizeBytes === null ? {} : { TmpfsOptions: { SizeBytes: mount.sizeBytes } };
      return { Type: "tmpfs", Target: mount.target, ...size };
    }
  }
}

/** The last guard before Docker: nothing outside the workload's own folder is ever mounted, whatever was read. */
function fileSource(source: string, filesDir: string | null): string {
  const path = filesDir === null ? null : join(filesDir, source).replace(/\/$/, "");
  if (filesDir === null || path === null || (path !== filesDir && !path.startsWith(`${filesDir}/`))) {
    throw new Failure(`The mount's source "${source}" is not in the workload's folder`, {
      kind: "mistake",
      reason: "start_failed",
      hint: "name a file or folder that lies beside the manifest",
    });
  }
  return path;
}

/** In ms since 1970. */
export function time(text: string | undefined): number | null {
  const ms = text === undefined ? NaN : Date.parse(text);
  // Go's zero time stands for never.
  return Number.isNaN(ms) || ms < 0 ? null : ms;
}
