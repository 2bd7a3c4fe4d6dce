/** The settings of the daemon, resolved: defaults, then config.toml, then HARBORNODE_* of the environment. */
import type { MaintenanceWindow } from "../model/maintenance_window.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { Ref } from "../model/git_ref.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Range } from "../schema/range.ts";

export type { Range };

/** Login of the device at an image registry. */
export interface RegistryLogin {
  username: string;
  password: string;
}

export type Forge = "github" | "gitlab" | "gitea" | "forgejo" | "bitbucket" | "bitbucket-server";

/** Reports of a revision's outcome to the forge. */
export interface CommitStatusSettings {
  forge: Forge;
  /** Without credentials; it names the repository at the forge. */
  repositoryUrl: string;
  /** Null: the usual URL of that forge, on the host of the repository. */
  apiUrl: string | null;
  token: string;
  context: string;
  /** Null: none. */
  targetUrl: string | null;
}

export const NOTIFY_EVENTS = [
  "revision_applied",
  "revision_failed",
  "rolled_back",
  "unhealthy",
  "recovered",
  "removal_pending",
  "policy_denied",
  "sync_failed",
] as const;
export type NotifyEvent = typeof NOTIFY_EVENTS[number];

/** A receiver of messages. */
export interface NotifyTarget {
  /** Unique on this device. */
  name: string;
  type: "webhook" | "ntfy" | "slack" | "discord";
  /** A secret: whoever knows it can send messages. */
  url: string;
  /** Signs the requests of a webhook; null: they are not signed. */
  secret: string | null;
  /** Access token for ntfy; null: none. */
  token: string | null;
  events: readonly NotifyEvent[];
  /** Time after which a lasting condition is sent again; null: never. */
  repeatIntervalMs: number | null;
  /** Whether the URL may lead to this device or its link-local network. */
  allowLocal: boolean;
}

export interface Settings {
  /** Absolute path of config.toml; null without one. */
  file: string | null;
  listenAddress: string;
  /** 0 chooses a free port. */
  listenPort: number;
  /** Absolute. */
  dataDir: string;
  /** Defaults to the host name. */
  device: string;
  labels: Record<string, string>;
  repo: {
    /** https, http, ssh, file, or the absolute path of a local repository. Never with credentials or a query. */
    url: string;
    ref: Ref;
    path: string;
    intervalMs: number;
    timeoutMs: number;
    username: string;
    /** `token`, or the content of `token_file`; null for none. */
    token: string | null;
    /** These three paths are absolute; null for the files of the system. */
    caFile: string | null;
    sshKeyFile: string | null;
    knownHostsFile: string | null;
    proxy: string | null;
  };
  /** Which revisions of the repository may be used. */
  trust: {
    verify: "none" | "head";
    /** Absolute; null only if nothing is verified. Read again whenever a revision is verified. */
    allowedSigners: string | null;
    requireFastForward: boolean;
  };
  webhook: {
    /** Each is valid; none: the webhook is off. */
    secrets: string[];
    /** Networks or addresses of proxies whose X-Forwarded-For is trusted. */
    trustedProxies: string[];
  };
  /** Absolute; null: the identity in `dataDir`, which the daemon creates. An unreadable file affects only users of secrets. */
  secrets: { identityFile: string | null };
  /** Null: no commit statuses. */
  commitStatus: CommitStatusSettings | null;
  notify: NotifyTarget[];
  docker: {
    host: string;
    /** File of `docker login`; absolute. It may be missing. */
    configFile: string;
  };
  /** By the host of image names: "ghcr.io", "docker.io". */
  registries: Record<string, RegistryLogin>;
  runtime: {
    dockerEnabled: boolean;
    nativeEnabled: boolean;
    /** For workloads of both modes without a preference; null: native for a service, Docker for a deployment. */
    defaultMode: RuntimeName | null;
    /** By the name of a workload; overrides the manifest and `defaultMode`. */
    modes: Record<string, RuntimeName>;
  };
  native: {
    /** Ports for services that ask for any port. */
    portRange: Range;
    /** Users for services that name none; null: the user of the daemon. Never contains root or nobody. */
    uidRange: Range | null;
  };
  rollout: {
    /** Scope of a rollback where the manifest has none. */
    scope: "workload" | "revision";
    /** How long a workload is kept after git removed it. */
    pruneGraceMs: number;
    /** When changes from git may be applied; empty: at any time. */
    windows: MaintenanceWindow[];
  };
  limits: {
    /** Memory that the limits of workloads must leave to the device. */
    memoryReserveBytes: number;
    /** Disk space that downloads must leave free. */
    diskReserveBytes: number;
  };
  /** Source of other versions of HarborNode. */
  daemon: {
    /** URL of a folder, with "{version}" if it has one for each version; null: the releases of the project. */
    releaseUrl: string | null;
    /** Absolute; null: the built-in list. Read again whenever a release is verified. */
    releaseSigners: string | null;
  };
  policy: Policy;
  log: { level: "debug" | "info" | "warning" | "error"; format: "text" | "json" };
}
