/** The daemon's own configuration, resolved: defaults, then config.toml, then HARBORNODE_* from the environment. */
import type { RuntimeName } from "../model/workload.ts";

export interface Settings {
  /** Absolute path of the config.toml it came from; null when there was none. */
  file: string | null;
  listenAddress: string;
  /** 0 chooses a free one. */
  listenPort: number;
  /** Absolute. */
  dataDir: string;
  /** Defaults to the host's name. */
  device: string;
  labels: Record<string, string>;
  repo: {
    /** https, http, or the path of a local repository (absolute). */
    url: string;
    branch: string;
    path: string;
    intervalMs: number;
    timeoutMs: number;
    username: string;
    /** From `token`, or the content of `token_file`; null for none. */
    token: string | null;
  };
  webhook: { secret: string | null };
  docker: { host: string };
  runtime: { dockerEnabled: boolean; nativeEnabled: boolean; defaultMode: RuntimeName };
  native: {
    /** Ports for workloads that leave the choice to the device; both ends included. */
    portRange: { from: number; to: number };
    /** Users for workloads that name none, one each; null: they run as the daemon does. */
    uidRange: { from: number; to: number } | null;
  };
  limits: {
    /** Memory that no workload is promised. */
    memoryReserveBytes: number;
    /** Free space of the disk that downloads leave. */
    diskReserveBytes: number;
  };
  log: { level: "debug" | "info" | "warning" | "error"; format: "text" | "json" };
}
