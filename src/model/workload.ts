/** A workload: one thing that git declares to be kept running here, with everything resolved: plain data, fit for JSON. */
import type { MaintenanceWindow } from "./maintenance_window.ts";
import type { SignalName } from "./signal.ts";
import type { ContainerOptions } from "./container_options.ts";
import type { Limit, LimitName } from "./rlimit.ts";
import type { Secret } from "./secret_reference.ts";

export type Kind = "service" | "deployment";
export type RuntimeName = "native" | "docker";

export type { SignalName } from "./signal.ts";

/** What follows an end. The first restart comes at once, each further one later, from `delayMs` up to `maxDelayMs`. */
export interface RestartPolicy {
  when: "always" | "on-failure" | "never";
  delayMs: number;
  maxDelayMs: number;
  factor: number;
  /** Part of a delay that is taken off at random, 0-1, so that devices do not move in step. */
  jitter: number;
  /** More restarts than this within `windowMs` and it has failed; null: it is tried for ever. */
  maxRestarts: number | null;
  windowMs: number;
  /** Exit codes that are no failure; 0 always is one of them. */
  successExitCodes: number[];
  /** After running this long an end counts as the first again. */
  resetAfterMs: number;
}

/**
 * A port. Native: `host` is the port the program listens on (given to it as PORT, or PORT_<NAME>); `container` equals
 * it; both 0 mean one that the device chooses, and keeps. Docker: `container` is published on `hostAddress:host`; `host`
 * null means not published.
 */
export interface Port {
  name: string | null;
  hostAddress: string;
  host: number | null;
  container: number;
  protocol: "tcp" | "udp";
}

export interface ProbeTiming {
  intervalMs: number;
  timeoutMs: number;
  /** Failures in a row until unhealthy. */
  retries: number;
  /** Failures in this time after the start do not count; a success ends it early. */
  startPeriodMs: number;
  /** Between two probes until the first verdict; null: often at first, growing to the interval. */
  startIntervalMs: number | null;
  /** Successes in a row until healthy. */
  successThreshold: number;
  /** What follows when it becomes unhealthy, once; then the counter starts again. `alert` only says it. */
  onFailure: "restart" | "stop" | "alert" | "none";
}

/** Where a probe looks: a port by its number, or the one that the device chose for `ports[index]`. */
export type ProbePort = { type: "fixed"; port: number } | { type: "chosen"; index: number };

export type Probe =
  & ProbeTiming
  & (
    /** Healthy when the answer's status is 200-399. `port` is on the device for native, in the container for Docker. */
    | { type: "http"; path: string; port: ProbePort; headers: Record<string, string> }
    | { type: "tcp"; port: ProbePort }
    /** Healthy when it ends with 0. Runs as the workload's user in its working directory; in the container for Docker. */
    | { type: "command"; command: string[] }
    /** What the check that an image brings along says, as often as that says; none is healthy. Docker alone. */
    | { type: "image" }
  );

/** A file of the workload's own folder in the repository. `oid` is git's blob id: equal ids mean equal content. */
export interface WorkloadFile {
  /** Relative to the folder, with "/" between names; never absolute, never with "..". */
  path: string;
  oid: string;
  executable: boolean;
}

export interface Resources {
  memoryBytes: number | null;
  /** Cores, 0.5 is half of one. */
  cpus: number | null;
  pids: number | null;
}

export type Mount =
  /** `source` is a file or folder of the workload's own folder, relative to it. */
  | { type: "files"; source: string; target: string; readOnly: boolean }
  | { type: "volume"; source: string; target: string; readOnly: boolean }
  /** `source` is an absolute path of the device, which the owner must allow. */
  | { type: "host"; source: string; target: string; readOnly: boolean }
  /** `mode` in bits, where it is not the usual 0o1777. */
  | { type: "tmpfs"; target: string; sizeBytes: number | null; mode?: number };

/** Another workload that must be so far before this one is started. */
export interface Dependency {
  name: string;
  condition: "started" | "healthy" | "completed";
  /** Whether it is started again when the other one was. */
  restart?: true;
}

/** Runs to completion instead of for ever. */
export interface Job {
  /** A cron expression of five fields, or six with seconds; null: once for each fingerprint. */
  schedule: string | null;
  /** An IANA name like "Europe/Berlin"; null: UTC. */
  timezone: string | null;
  /** What becomes of a run that is due while the one before still runs. */
  overlap: "skip" | "replace";
  /** What becomes of runs that were due while the device or the daemon was off: one of them follows, or none. */
  missed: "once" | "skip";
  /** A run that takes longer is stopped, and has failed; null: it may take for ever. */
  timeoutMs: number | null;
}

/** What follows when only the files of the workload's folder changed. */
export type OnChange =
  | { type: "restart" }
  | { type: "none" }
  | { type: "signal"; signal: SignalName }
  | { type: "command"; command: string[] };

/** How it is taken to a new fingerprint, and when that counts as failed. */
export interface RolloutPolicy {
  /**
   * `recreate`: all of the old, then all of the new. `start-first`: a new one beside the old, which goes when that one is
   * healthy. `rolling`: the old one, then the new one, slot by slot. Null: what fits it.
   */
  strategy: "recreate" | "start-first" | "rolling" | null;
  /** Slots that are changed at the same time. */
  maxParallel: number;
  /** Of `rolling`: slots that may be without a healthy instance at the same time. */
  maxUnavailable: number;
  /** From the first start of the new fingerprint until all of it must be healthy. */
  deadlineMs: number;
  /** What goes back when it fails: it alone, or all that came with its revision. Null: as the device says. */
  scope: "workload" | "revision" | null;
}

/** Bounds of a slot's output on disk. */
export interface LogBound {
  /** Of the file that is written to. */
  maxBytes: number;
  /** Compressed archives of what was cut from it; 0 keeps none. */
  maxFiles: number;
}

/** A program that is downloaded: the one file for this device's architecture, with `${arch}` and the like resolved. */
export interface Artifact {
  url: string;
  /** 64 hexadecimal digits, lower case. */
  sha256: string;
  format: "plain" | "tar.gz" | "zip";
  /** Leading folders that are left out on extraction. */
  stripComponents: number;
  /** Of a plain file: what it is called, and is executable as. */
  name: string;
}

/** Every one that the device has, or how many of them. */
export type Gpus = "all" | number;

interface WorkloadBase {
  name: string;
  kind: Kind;
  description: string;
  /** Path of the manifest in the repository. */
  manifest: string;
  /** False: keep the definition, run nothing. */
  enabled: boolean;
  /** True: leave what runs exactly as it is. */
  suspend: boolean;
  replicas: number;
  env: Record<string, string>;
  /** Absent for none. Each target is in it once. */
  secrets?: Secret[];
  ports: Port[];
  /** Native: null is an unprivileged user of its own. Docker: null is what the image says. */
  user: string | null;
  workingDir: string | null;
  restart: RestartPolicy;
  /** Null: SIGTERM for native; for Docker the STOPSIGNAL of the image, and SIGTERM where the image has none. */
  stopSignal: SignalName | null;
  stopTimeoutMs: number;
  health: Probe | null;
  /** It is healthy only after it has run, and passed its probe, for this long. */
  minHealthyMs: number;
  files: WorkloadFile[];
  onChange: OnChange;
  /** Device nodes that it may use, absolute. */
  devices: string[];
  /** Null: none. Native: "all" or none. */
  gpus: Gpus | null;
  resources: Resources;
  logs: LogBound;
  dependsOn: Dependency[];
  /** Null: it is to run for ever. */
  job: Job | null;
  rollout: RolloutPolicy;
  /** When changes of it may be carried out; empty: at any time. */
  windows: MaintenanceWindow[];
  /** What follows when an instance is not as it was started any more: gone, stopped or altered by hand. */
  drift: "repair" | "report" | "off";
  /** What becomes of it once git no longer holds it, until the owner confirms; absent: it is removed. */
  prune?: "stop" | "keep";
  /** The name that it had before, whose instances and memory it takes over. */
  movedFrom: string | null;
}

export interface NativeWorkload extends WorkloadBase {
  runtime: "native";
  /**
   * Program and arguments; no shell. A program with "./" in front is a file of the workload's folder, or of its
   * artifact. "${ports.NAME}" stands for the number of a port.
   */
  command: string[];
  artifact: Artifact | null;
  group: string | null;
  supplementaryGroups: string[];
  /** Null: 0o022. */
  umask: number | null;
  /** -20 (first) to 19 (last); null: 0. */
  nice: number | null;
  /** -1000 (never killed) to 1000 (killed first); null: 0. */
  oomScoreAdj: number | null;
  limits: Partial<Record<LimitName, Limit>>;
  /** Kept and given to the program though it is not root, like "CAP_NET_BIND_SERVICE". */
  capabilities: string[];
  /** False: a set-user-id program that it starts may gain privileges. */
  noNewPrivileges: boolean;
}

/** How a tag that moves is followed. */
export interface ImageUpdates {
  /** Between two questions to the registry. */
  intervalMs: number;
  /** From when a new content was first seen until it is taken, so that a bad one can be taken back in the meantime. */
  cooldownMs: number;
}

export interface DockerWorkload extends WorkloadBase, ContainerOptions {
  runtime: "docker";
  image: string;
  /** The id ("sha256:...") that `image` stood for when this spec was last healthy: used in its place, and never pulled. */
  pinnedImage: string | null;
  /**
   * When the registry is asked: where the image is not here; before the first container of a fingerprint, which is not
   * made when the registry does not answer; never.
   */
  pull: "missing" | "always" | "never";
  /** As "linux/arm64" or "linux/arm/v7"; null: the device's. */
  platform: string | null;
  /** Null: `image` stands for what it stood for when it was pulled. */
  imageUpdates: ImageUpdates | null;
  /** Null: what the image says. */
  entrypoint: string[] | null;
  command: string[] | null;
  mounts: Mount[];
}

export type Workload = NativeWorkload | DockerWorkload;
