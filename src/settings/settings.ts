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
  log: { level: "debug" | "info" | "warning" | "error"; format: "text" | "json" };
}
