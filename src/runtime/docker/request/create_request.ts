/** [pure] A workload as Docker's create request. */
import { filesMountedAlone } from "../../../model/fingerprint.ts";
import { substitutePorts } from "../../../model/port.ts";
import type { RevealedSecrets } from "../../runtime.ts";
import type { DockerWorkload, Gpus } from "../../../model/workload.ts";
import { createdFrom, type CreationLabels, LABEL } from "../container.ts";
import type { CreateContainer, CreateMount, DeviceRequest, EndpointRequest } from "../api_types.ts";
import { volumeLabels } from "../volume/volume_owner.ts";
import { securityOptions } from "./security_options.ts";
import { logConfig } from "./log_config.ts";
import { createMount, type MountSources } from "./mount_request.ts";

export interface CreateInput extends CreationLabels, MountSources {
  /** The networks that it belongs on, the one that it is created on first. Empty where it has none of ours. */
  endpoints: ReadonlyMap<string, EndpointRequest>;
  /** Volumes for paths that the image declares, by path. Absent for none. */
  volumes?: ReadonlyMap<string, string>;
  secrets?: RevealedSecrets;
  /** Where files with secrets are on the device; null or absent for none. */
  credentialsDir?: string | null;
}

/** Where a container finds them, as with Docker's own secrets. */
export const CONTAINER_CREDENTIALS = "/run/secrets";

/** Docker is never asked to restart a container: two supervisors would compete, and only one of them knows what git says. */
export function createRequest(workload: DockerWorkload, input: CreateInput): CreateContainer {
  const { resources } = workload;
  const alone = new Set(filesMountedAlone(workload).map(({ path }) => path));
  const fill = (text: string) => substitutePorts(text, workload.ports);
  return {
    Image: createdFrom(workload),
    ...(workload.entrypoint === null ? {} : { Entrypoint: workload.entrypoint.map(fill) }),
    ...(workload.command === null ? {} : { Cmd: workload.command.map(fill) }),
    Env: environment(workload, input),
    ...(workload.user === null ? {} : { User: workload.user }),
    ...(workload.workingDir === null ? {} : { WorkingDir: workload.workingDir }),
    ...(workload.hostname === null ? {} : { Hostname: workload.hostname }),
    ...(workload.tty === null ? {} : { Tty: true }),
    ...(workload.stdinOpen === null ? {} : { OpenStdin: true }),
    ExposedPorts: Object.fromEntries(workload.ports.map((port) => [`${port.container}/${port.protocol}`, {}])),
    Labels: { ...workload.labels, ...ownLabels(workload, input) },
    // Only for a person who stops it by hand: ours come with each stop, since they may change without a new container.
    // Docker takes the image's signal where none is given; where the image has none, see `defaultStopSignal`.
    ...(workload.stopSignal === null ? {} : { StopSignal: workload.stopSignal }),
    StopTimeout: Math.ceil(workload.stopTimeoutMs / 1000),
    ...networking(input),
    HostConfig: {
      PortBindings: portBindings(workload),
      Mounts: [
        ...workload.mounts.map((mount) => createMount(mount, { ...input, alone })),
        ...volumeMounts(workload, input),
        ...credentialsMount(input),
      ],
      Memory: resources.memoryBytes ?? 0,
      NanoCpus: Math.round((resources.cpus ?? 0) * 1e9),
      RestartPolicy: { Name: "no" },
      LogConfig: logConfig(workload),
      ...securityOptions(workload),
      ...hostNetworking(workload, input),
      ...rest(workload),
    },
  };
}

/** What is secret in it can be read by whoever may ask Docker, who may do everything on the device anyway. */
function environment({ env, ports }: DockerWorkload, { secrets, credentialsDir = null }: CreateInput): string[] {
  const all = {
    ...(credentialsDir === null ? {} : { CREDENTIALS_DIRECTORY: CONTAINER_CREDENTIALS }),
    ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, substitutePorts(value, ports)])),
    ...secrets?.env,
  };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

/** Docker copies what the image has at the path into an empty volume, with owner and mode. */
function volumeMounts(workload: DockerWorkload, { volumes = new Map(), deviceId, slot }: CreateInput): CreateMount[] {
  return [...volumes].map(([Target, Source]) => {
    // A volume that was removed a moment ago is made anew with the container, and must be found again.
    const Labels = volumeLabels({ workload: workload.name, slot, path: Target }, { deviceId });
    return { Type: "volume", Source, Target, ReadOnly: false, VolumeOptions: { Labels } };
  });
}

function credentialsMount({ credentialsDir = null }: CreateInput): CreateMount[] {
  if (credentialsDir === null) return [];
  return [{ Type: "bind", Source: credentialsDir, Target: CONTAINER_CREDENTIALS, ReadOnly: true }];
}

/** The last ones: no label of a manifest can stand for one of ours. */
function ownLabels(workload: DockerWorkload, { deviceId, slot, fingerprint, endpoints, volumes }: CreateInput) {
  return {
    [LABEL.device]: deviceId,
    [LABEL.workload]: workload.name,
    [LABEL.slot]: String(slot),
    [LABEL.fingerprint]: fingerprint,
    ...(endpoints.size === 0 ? {} : { [LABEL.networks]: [...endpoints.keys()].join(",") }),
    ...(volumes === undefined || volumes.size === 0 ? {} : { [LABEL.volumes]: JSON.stringify([...volumes.keys()]) }),
  };
}

/** The names that others find it by, in each of its networks. */
export function namesOf(workload: DockerWorkload): string[] {
  return [workload.name, ...workload.aliases];
}

/** On one network: Docker before API 1.44 takes no more, so the others are joined before the start. */
function networking({ endpoints }: CreateInput): Partial<CreateContainer> {
  const [first] = endpoints;
  return first === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [first[0]]: first[1] } } };
}

function hostNetworking(workload: DockerWorkload, { endpoints }: CreateInput): Partial<CreateContainer["HostConfig"]> {
  const mode = workload.network ?? [...endpoints.keys()][0];
  return {
    ...(mode === undefined ? {} : { NetworkMode: mode }),
    ...(workload.extraHosts.length === 0 ? {} : { ExtraHosts: workload.extraHosts }),
    ...(workload.dns.length === 0 ? {} : { Dns: workload.dns }),
  };
}

function rest(workload: DockerWorkload): Partial<CreateContainer["HostConfig"]> {
  return {
    ...(workload.devices.length === 0 ? {} : { Devices: workload.devices.map(deviceMapping) }),
    ...(workload.gpus === null ? {} : { DeviceRequests: [gpuRequest(workload.gpus)] }),
    // Without it there is none, since images that bring their own must have pid 1.
    ...(workload.init === null ? {} : { Init: true }),
    ...(workload.shmBytes === null ? {} : { ShmSize: workload.shmBytes }),
    ...(workload.memoryReservationBytes === null ? {} : { MemoryReservation: workload.memoryReservationBytes }),
    ...(workload.ociRuntime === null ? {} : { Runtime: workload.ociRuntime }),
  };
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
