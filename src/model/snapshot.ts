/**
 * The one status value that the CLI, the page and the API show. Its names are public (`harbornode status --json`,
 * `GET /api/v1/status`): fields are added, never renamed. It has no field that could hold an environment or a secret.
 */
import type { Ref } from "./git_ref.ts";
import type { Health } from "./instance.ts";
import type { ReasonCode } from "./reason.ts";
import type { Kind, RuntimeName } from "./workload.ts";
import type { Problem } from "./problem.ts";

/** "suspended": git changes nothing of it, by its manifest, by an override or by a rollback of the operator. */
export type Sync = "synced" | "out-of-sync" | "suspended" | "unknown";
export type Phase =
  | "pending"
  | "starting"
  | "running"
  | "degraded"
  | "backoff"
  | "stopping"
  | "stopped"
  | "completed"
  | "failed"
  | "blocked"
  | "invalid"
  | "rolled-back";

export interface InstanceStatus {
  slot: number;
  pid: number | null;
  container_id: string | null;
  phase: Phase;
  health: Health;
  /** ISO 8601, UTC. */
  started_at: string | null;
  /** Starts after the first of this fingerprint that followed an exit. */
  restarts: number;
  exit_code: number | null;
  /** Of one core: 100 is one core fully used; null while it is not known. */
  cpu_percent: number | null;
  memory_bytes: number | null;
}

/** A run of a job, or one that was due and did not take place. */
export interface RunStatus {
  due_at: string;
  started_at: string | null;
  ended_at: string | null;
  exit_code: number | null;
  outcome: "running" | "succeeded" | "failed" | "timeout" | "replaced" | "stopped" | "skipped";
}

/** Something that is not as asked, and that the workload runs in spite of. */
export interface Warning {
  reason: ReasonCode;
  message: string;
}

/** A rollout that came to its end. */
export interface RolloutStatus {
  fingerprint: string;
  revision: string;
  started_at: string;
  ended_at: string;
  outcome: "healthy" | "rolled-back" | "failed" | "superseded";
  reason: ReasonCode;
  message: string;
  /** Of one that failed: the last output and the last probes of what failed. */
  lines: string[];
  probes: string[];
}

/** Result of one probe of an instance. */
export interface ProbeResultStatus {
  at: string;
  ok: boolean;
  duration_ms: number;
  /** Answer of the probed program, shortened. */
  output: string;
}

/** Of a container: what its manifest calls the image, and what that stands for here and in the registry. */
export interface ImageStatus {
  reference: string;
  /** "sha256:..."; null while there is no container. */
  id: string | null;
  /** "sha256:..."; null where the image came from no registry. */
  digest: string | null;
}

export interface WorkloadStatus {
  name: string;
  kind: Kind;
  runtime: RuntimeName;
  /** Which of its ways it takes, and why; null when its manifest leaves no choice. */
  mode: { chosen: RuntimeName; reason: string } | null;
  description: string;
  sync: Sync;
  phase: Phase;
  health: Health;
  reason: ReasonCode;
  message: string;
  /** One concrete thing to do about it; null when nothing is known. */
  hint: string | null;
  /** The revision that its applied spec came with. */
  revision: string | null;
  fingerprint: string | null;
  /** Null for what is no container. */
  image: ImageStatus | null;
  /** As "8080/tcp" or "127.0.0.1:8080->80/tcp". */
  ports: string[];
  instances: InstanceStatus[];
  problems: Problem[];
  warnings: Warning[];
  /** Newest last, a handful. */
  probes: ProbeResultStatus[];
  /** What is on its way to a new fingerprint; null when nothing is. */
  rollout: { fingerprint: string; started_at: string; deadline_at: string; message: string } | null;
  /** What git asks for and is not run here, and what runs in its place; null when git's word is done. */
  refused:
    | { fingerprint: string; target: string; by: "health" | "owner" | "revision"; at: string; message: string }
    | null;
  /** Rollouts that came to their end, newest last. */
  history: RolloutStatus[];
  /** Fingerprints that `harbornode rollback` can go back to, newest last. */
  versions: string[];
  /** Its last lines when it failed for good; empty otherwise. */
  last_lines: string[];
  /** Set while the operator has it suspended, stopped or started on the device; `until` null: until it is resumed. */
  override: { action: "suspend" | "stop" | "start"; until: string | null; since: string } | null;
  /** Of a job: its last runs, newest last. */
  runs: RunStatus[];
  /** Of a job: when it is due again. */
  next_run_at: string | null;
}

export interface SourceStatus {
  /** Without credentials. */
  url: string;
  /** In one word what is followed: a branch's name, or what `[repo] ref` says. */
  branch: string;
  ref: Ref;
  path: string;
  /** `delayed`: the newest revision is not applied, and nothing is wrong with it; the field `delayed` says why. */
  sync: "synced" | "syncing" | "delayed" | "failed" | "unknown";
  /** Last seen at the remote, last attempted, last applied, last of which every workload was healthy. */
  seen: string | null;
  attempted: string | null;
  applied: string | null;
  healthy: string | null;
  /** The revision as of which the workloads are shown; null before the first plan. */
  planned: string | null;
  /** First line and author of the applied commit. */
  subject: string | null;
  author: string | null;
  last_sync_at: string | null;
  /** What long work is doing right now: "receiving objects 40 %". */
  progress: string | null;
  /** `transient`: it is tried again by itself, and says nothing of what was pushed. */
  error: { reason: ReasonCode; message: string; hint: string | null; transient: boolean } | null;
  /** The newest revision, which is not to be applied now; `until` null: as long as it is the newest. */
  delayed: { revision: string; reason: ReasonCode; message: string; until: string | null } | null;
  /** Who signed the applied revision, as the owner's list of signers calls them; null where no signature is asked for. */
  signer: string | null;
}

/** One webhook delivery and what was made of it. */
export interface Delivery {
  at: string;
  forge: string;
  event: string;
  verdict: "accepted" | "ignored" | "refused";
  message: string;
  /** The forge's own id of it; one of ours where it has none. */
  id: string;
}

/** Somebody who is told of this device, and whether that works. */
export interface NotifyStatus {
  name: string;
  /** Messages that are not delivered yet. */
  waiting: number;
  /** Messages that were given up, since the device was set up. */
  lost: number;
  sent_at: string | null;
  /** Why the last try failed; null when it did not. */
  error: string | null;
}

/** What git asks of HarborNode itself, and how far this device is with it. */
export interface UpgradeStatus {
  /** Null where the file that says it has problems, or where it says nothing. */
  wanted: string | null;
  /**
   * - `current`: the version that git asks for runs.
   * - `invalid`: `problems` says why it is not known what git asks for.
   * - `denied`: the owner's policy does not allow it.
   * - `refused`: it was tried here, and did not work.
   * - `unsupported`: this daemon cannot be replaced by another one.
   * - `downloading`, `waiting`: it is brought; it is here, and the time is not right.
   * - `installed`: it is in place, and counts from the next start on.
   * - `failed`: it could not be brought; tried again by itself.
   */
  state:
    | "current"
    | "invalid"
    | "denied"
    | "refused"
    | "unsupported"
    | "downloading"
    | "waiting"
    | "installed"
    | "failed";
  reason: ReasonCode | null;
  message: string;
  hint: string | null;
  problems: Problem[];
}

/** A change that somebody may want to read about, newest last. */
export interface Event {
  at: string;
  workload: string | null;
  reason: ReasonCode;
  message: string;
}

export interface Snapshot {
  device: {
    name: string;
    id: string;
    labels: Record<string, string>;
    arch: string;
    uptime_s: number;
    /** Null where git says nothing of it, and nothing went wrong. */
    upgrade: UpgradeStatus | null;
    /** Files of the state that a newer HarborNode wrote, and that were set aside: a sentence for each. */
    state_set_aside: string[];
    /** Since when, and why, the disk does not take the state; null while everything is saved. */
    state_unsaved: { since: string; reason: ReasonCode; message: string; hint: string } | null;
    /** The age recipient that secrets for this device are encrypted to; null until it has an identity. */
    recipient: string | null;
  };
  daemon: { version: string; pid: number; rss_bytes: number; started_at: string };
  source: SourceStatus;
  runtimes: { name: RuntimeName; enabled: boolean; ok: boolean; message: string }[];
  workloads: WorkloadStatus[];
  /** Names that would be removed, and why they wait for `harbornode prune --confirm`; null when nothing is pending. */
  pending_removal: { names: string[]; message: string } | null;
  not_selected: string[];
  events: Event[];
  deliveries: Delivery[];
  notifications: NotifyStatus[];
}
