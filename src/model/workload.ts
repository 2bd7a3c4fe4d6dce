/**
 * A workload: one thing that git declares to be kept running on this device, with everything resolved. Values here are
 * plain data, fit for JSON, and independent of where they came from.
 */

export type Kind = "service" | "deployment";
export type RuntimeName = "native" | "docker";

/** POSIX signal names that may be asked for in a manifest. */
export type SignalName = "SIGTERM" | "SIGINT" | "SIGQUIT" | "SIGHUP" | "SIGUSR1" | "SIGUSR2" | "SIGKILL";

export type RestartPolicy = "always" | "on-failure" | "never";

/**
 * A port. Native: `host` is the port the program listens on (given to it as PORT, or PORT_<NAME>); `container` equals it.
 * Docker: `container` is published on `hostAddress:host`; `host` null means not published.
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
}

export type Probe =
  & ProbeTiming
  & (
    /** Healthy when the answer's status is 200-399. `port` is on the device for native, in the container for Docker. */
    | { type: "http"; path: string; port: number; headers: Record<string, string> }
    | { type: "tcp"; port: number }
    /** Healthy when it ends with 0. Runs as the workload's user in its working directory; in the container for Docker. */
    | { type: "command"; command: string[] }
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
  | { type: "tmpfs"; target: string; sizeBytes: number | null };

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
  ports: Port[];
  user: string | null;
  workingDir: string | null;
  restart: RestartPolicy;
  stopSignal: SignalName;
  stopTimeoutMs: number;
  health: Probe | null;
  files: WorkloadFile[];
  resources: Resources;
}

export interface NativeWorkload extends WorkloadBase {
  runtime: "native";
  /** Program and arguments; no shell. A program with "./" in front is a file of the workload's folder. */
  command: string[];
}

export interface DockerWorkload extends WorkloadBase {
  runtime: "docker";
  image: string;
  /** Null: what the image says. */
  entrypoint: string[] | null;
  command: string[] | null;
  mounts: Mount[];
}

export type Workload = NativeWorkload | DockerWorkload;
