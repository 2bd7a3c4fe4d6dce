/**
 * What we rely on of Docker's Engine API, and no more: https://docs.docker.com/reference/api/engine/version/v1.41/
 * Everything here came from another program: what may be absent is optional.
 */

/** Docker Engine 20.10, the oldest that is still in a supported distribution (Debian 12, Ubuntu 22.04). */
export const OLDEST_API = "1.41";
/** The newest whose changes were read; a newer Docker still speaks it. */
export const NEWEST_API = "1.52";

export interface VersionAnswer {
  Version?: string;
  ApiVersion?: string;
  MinAPIVersion?: string;
  /** As Go names it: "amd64", "arm64". */
  Arch?: string;
  /** Of Podman the first is "Podman Engine", of Docker "Engine". */
  Components?: { Name?: string; Version?: string }[] | null;
}

export interface InfoAnswer {
  /** On the machine that Docker runs on. */
  DockerRootDir?: string;
  Runtimes?: Record<string, unknown> | null;
}

export interface ListedContainer {
  Id: string;
  State: ContainerStatus;
  ImageID?: string;
  Labels?: Record<string, string>;
}

export type ContainerStatus = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";

export interface InspectedContainer {
  Id: string;
  Name: string;
  Image: string;
  State: {
    Status: ContainerStatus;
    Pid?: number;
    ExitCode?: number;
    /** RFC 3339; "0001-01-01T00:00:00Z" for never. */
    StartedAt?: string;
    FinishedAt?: string;
    /** Of the last end. */
    OOMKilled?: boolean;
    Health?: { Status?: string; Log?: HealthLogEntry[] | null };
  };
  /** RFC 3339. */
  Created?: string;
  /** Restarts by its restart policy since somebody last asked for a start, or Docker itself was started. */
  RestartCount?: number;
  HostConfig?: { NetworkMode?: string; RestartPolicy?: { Name?: string; MaximumRetryCount?: number } };
  Config: { Labels?: Record<string, string> | null; Tty?: boolean; Image?: string; StopSignal?: string };
  /** `Name` is the volume's, of a mount that is one. */
  Mounts?: { Type?: string; Name?: string; Source?: string; Destination?: string; RW?: boolean }[];
  NetworkSettings?: {
    Ports?: Record<string, { HostIp?: string; HostPort?: string }[] | null> | null;
    /** By the network's name. */
    Networks?: Record<string, InspectedEndpoint | null> | null;
  };
}

/** One run of the check that an image brings along. Times as above. */
export interface HealthLogEntry {
  Start?: string;
  End?: string;
  ExitCode?: number;
  Output?: string;
}

/** A container's place in a network. */
export interface InspectedEndpoint {
  /** Empty while it does not run. */
  IPAddress?: string;
  NetworkID?: string;
  /** Docker before 25 adds the container's short id. */
  Aliases?: string[] | null;
  /** An address that was asked for. */
  IPAMConfig?: { IPv4Address?: string } | null;
}

export interface ListedNetwork {
  Id: string;
  Name: string;
  Labels?: Record<string, string> | null;
  IPAM?: { Config?: { Subnet?: string; IPRange?: string; Gateway?: string }[] | null } | null;
}

export interface CreatedNetwork {
  Id: string;
}

/** Of GET /info. */
export interface StatsAnswer {
  /** Nanoseconds, of all cores. */
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  /** Empty on a kernel without the memory controller. */
  memory_stats?: { usage?: number; stats?: { inactive_file?: number; total_inactive_file?: number } };
  pids_stats?: { current?: number };
}

export interface CreateContainer {
  Image: string;
  Entrypoint?: string[];
  Cmd?: string[];
  Env: string[];
  User?: string;
  WorkingDir?: string;
  ExposedPorts: Record<string, Record<never, never>>;
  Labels: Record<string, string>;
  StopSignal?: string;
  /** Seconds. */
  StopTimeout: number;
  Hostname?: string;
  Tty?: boolean;
  OpenStdin?: boolean;
  NetworkingConfig?: { EndpointsConfig: Record<string, EndpointRequest> };
  HostConfig: {
    PortBindings: Record<string, { HostIp: string; HostPort: string }[]>;
    Mounts: CreateMount[];
    /** Bytes; 0 for no limit, like the two below. */
    Memory: number;
    /** Billionths of a core. */
    NanoCpus: number;
    PidsLimit: number | null;
    RestartPolicy: { Name: "no" };
    LogConfig: { Type: string; Config: Record<string, string> };
    SecurityOpt: string[];
    CapDrop?: string[];
    CapAdd?: string[];
    Privileged?: boolean;
    ReadonlyRootfs?: boolean;
    GroupAdd?: string[];
    Sysctls?: Record<string, string>;
    /** -1 for unlimited. */
    Ulimits?: { Name: string; Soft: number; Hard: number }[];
    /** Bytes. */
    ShmSize?: number;
    MemoryReservation?: number;
    Init?: boolean;
    /** "none", "host", or a network's name; without it Docker's own bridge. */
    NetworkMode?: string;
    /** "name:address" */
    ExtraHosts?: string[];
    Dns?: string[];
    Runtime?: string;
    Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
    DeviceRequests?: DeviceRequest[];
  };
}

/** What `docker run --gpus` asks for. */
export interface DeviceRequest {
  /** Empty: whichever has the capabilities. */
  Driver: string;
  /** -1 for all. */
  Count: number;
  DeviceIDs: null;
  /** Each a list of what one driver must have. */
  Capabilities: string[][];
  Options: Record<string, string>;
}

export type CreateMount =
  | { Type: "bind"; Source: string; Target: string; ReadOnly: boolean }
  | {
    Type: "volume";
    Source: string;
    Target: string;
    ReadOnly: boolean;
    /** Of one that is made with the container. */
    VolumeOptions: { Labels: Record<string, string> };
  }
  | { Type: "tmpfs"; Target: string; TmpfsOptions?: { SizeBytes?: number; Mode?: number } };

/** What a container asks for in one network. */
export interface EndpointRequest {
  Aliases?: string[];
  IPAMConfig?: { IPv4Address: string };
}

export interface CreatedContainer {
  Id: string;
  Warnings?: string[] | null;
}

export interface ImageAnswer {
  /** "sha256:...", of the image's configuration. */
  Id?: string;
  Os?: string;
  Architecture?: string;
  /** Of the architecture, like "v7" of arm. */
  Variant?: string;
  /** Names that it has here, like "nginx:1.27". */
  RepoTags?: string[] | null;
  /** What registries call it, like "nginx@sha256:...". */
  RepoDigests?: string[] | null;
  /** What its containers are made with. Keys of `Volumes` are the paths that it declares as VOLUME. */
  Config?: { StopSignal?: string; Volumes?: Record<string, unknown> | null } | null;
}

export interface DistributionAnswer {
  Descriptor?: { digest?: string };
}

/** One line of the stream that a pull answers with. */
export interface PullLine {
  status?: string;
  /** The layer's. */
  id?: string;
  progressDetail?: { current?: number; total?: number };
  /** The same twice: the first is to go, and the second is not everywhere (https://docs.docker.com/reference/api/engine/version-history/#v148-api-changes). */
  error?: string;
  errorDetail?: { message?: string };
}

export interface EventLine {
  /** "container" or "network". */
  Type?: string;
  Action?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> };
  /** Seconds since 1970 by Docker's clock, and the same in nanoseconds. */
  time?: number;
  timeNano?: number;
}

export interface VolumesAnswer {
  Volumes?: VolumeAnswer[] | null;
}

export interface VolumeAnswer {
  Name: string;
  Labels?: Record<string, string> | null;
}

export interface ExecAnswer {
  Running?: boolean;
  ExitCode?: number | null;
  /** In the process namespace that Docker itself runs in. */
  Pid?: number;
}
