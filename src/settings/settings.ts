/** The daemon's own configuration, resolved: defaults, then config.toml, then HARBORNODE_* from the environment. */
import type { MaintenanceWindow } from "../model/pause/maintenance_window.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { Ref } from "../model/repository/ref.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Range } from "../schema/range.ts";

export type { Range };

/** Who the device is to a registry. */
export interface RegistryLogin {
  username: string;
  password: string;
}

export type Forge = "github" | "gitlab" | "gitea" | "forgejo" | "bitbucket" | "bitbucket-server";

/** How the forge is told what became of a revision. */
export interface CommitStatusSettings {
  forge: Forge;
  /** Without credentials; it names the repository at the forge. */
  repositoryUrl: string;
  /** Null: where that forge has it, on the repository's host. */
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
  "prune_held",
  "policy_denied",
  "sync_failed",
] as const;
export type NotifyEvent = typeof NOTIFY_EVENTS[number];

/** Somebody who is told what happens. */
export interface NotifyTarget {
  /** Of this device, no two the same. */
  name: string;
  type: "webhook" | "ntfy" | "slack" | "discord";
  /** Secret: who knows it can write there. */
  url: string;
  /** Signs what a webhook gets; null: it is not signed. */
  secret: string | null;
  /** For ntfy; null: none. */
  token: string | null;
  events: readonly NotifyEvent[];
  /** What lasts is told again after this; null: never. */
  repeatIntervalMs: number | null;
  /** Whether the URL may lead to this device or its link-local network. */
  allowLocal: boolean;
}

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
    /** https, http, ssh, file, or the path of a local repository (absolute). Never with credentials or a query in it. */
    url: string;
    ref: Ref;
    path: string;
    intervalMs: number;
    timeoutMs: number;
    username: string;
    /** From `token`, or the content of `token_file`; null for none. */
    token: string | null;
    /** These three are absolute; null for what the system has. */
    caFile: string | null;
    sshKeyFile: string | null;
    knownHostsFile: string | null;
    proxy: string | null;
  };
  /** Which revisions may be used, of what `repo` names. */
  trust: {
    verify: "none" | "head";
    /** Absolute; null only where nothing is verified. Read anew whenever a revision is checked. */
    allowedSigners: string | null;
    requireFastForward: boolean;
  };
  webhook: {
    /** Each counts; none: there is no webhook. */
    secrets: string[];
    /** Networks or addresses of proxies that are believed when they say who asks. */
    trustedProxies: string[];
  };
  /** Absolute; null: one in `dataDir`, which the daemon makes. May be unreadable: only who needs a secret is told. */
  secrets: { identityFile: string | null };
  /** Null: the forge is not told. */
  commitStatus: CommitStatusSettings | null;
  notify: NotifyTarget[];
  docker: {
    host: string;
    /** Where `docker login` writes; absolute. Need not be there. */
    configFile: string;
  };
  /** By host, as images begin: "ghcr.io", "docker.io". */
  registries: Record<string, RegistryLogin>;
  runtime: {
    dockerEnabled: boolean;
    nativeEnabled: boolean;
    /** For workloads that can run either way and do not say which they prefer; null: a service native, a deployment in Docker. */
    defaultMode: RuntimeName | null;
    /** The owner's word by the name of a workload, above the manifest's and `defaultMode`. */
    modes: Record<string, RuntimeName>;
  };
  native: {
    /** Where the ports of services come from that ask for any. */
    portRange: Range;
    /** Users for services that name none; null: they run as the daemon does. Never holds root or nobody. */
    uidRange: Range | null;
  };
  rollout: {
    /** What goes back with a workload that fails, where its manifest does not say. */
    scope: "workload" | "revision";
    /** How long a workload stays that git no longer holds. */
    pruneGraceMs: number;
    /** When what git changes may be carried out; empty: at any time. */
    windows: MaintenanceWindow[];
  };
  limits: {
    /** What limits of workloads must leave of the device's memory. */
    memoryReserveBytes: number;
    /** What downloads must leave free on the disk. */
    diskReserveBytes: number;
  };
  /** Where other versions of HarborNode come from. */
  daemon: {
    /** A folder, with "{version}" where it has one for each; null: the project's own releases. */
    releaseUrl: string | null;
    /** Absolute; null: the list that is built in. Read anew whenever a release is checked. */
    releaseSigners: string | null;
  };
  policy: Policy;
  log: { level: "debug" | "info" | "warning" | "error"; format: "text" | "json" };
}
