/** [pure] What is worth telling somebody, as long as it is so. */
import type { Snapshot, WorkloadStatus } from "../model/snapshot.ts";
import type { NotifyEvent } from "../settings/settings.ts";
import { commitStates, healthySummary, isConnectivityError } from "./commit_state.ts";
import { shortId } from "../model/git_ref.ts";

export interface Alert {
  /** The same as long as it is the same thing. */
  key: string;
  event: NotifyEvent;
  workload: string | null;
  revision: string | null;
  reason: string;
  message: string;
}

/** Empty until the first plan was made: nothing is known before. */
export function alerts(snapshot: Snapshot): Alert[] {
  if (snapshot.source.planned === null) return [];
  return [...ofSource(snapshot), ...snapshot.workloads.flatMap((workload) => ofWorkload(snapshot, workload))];
}

function ofSource(snapshot: Snapshot): Alert[] {
  const { source, pending_removal, workloads } = snapshot;
  const found: Alert[] = [];
  const add = (event: NotifyEvent, revision: string | null, { of, reason, message }: {
    of: string;
    reason: string;
    message: string;
  }) => found.push({ key: `${event} ${of}`, event, workload: null, revision, reason, message });

  if (source.healthy !== null && source.healthy === source.attempted) {
    const message = `revision ${named(snapshot, source.healthy)} is ${healthySummary(workloads)}`;
    add("revision_applied", source.healthy, { of: source.healthy, reason: "running", message });
  }
  for (const { revision, state, description } of commitStates(snapshot)) {
    // What goes back is told of with its workload.
    const isToldElsewhere = workloads.some((workload) => workload.refused !== null && workload.refused.by !== "owner");
    if (state !== "failure" || (isToldElsewhere && revision === source.attempted)) continue;
    const reason = revision === source.attempted ? "invalid_manifest" : source.error?.reason ?? "internal_error";
    const message = `revision ${named(snapshot, revision)} failed: ${description}`;
    add("revision_failed", revision, { of: revision, reason, message });
  }
  if (pending_removal !== null) {
    const names = pending_removal.names.join(", ");
    const message = `removal of ${names} is pending: ${pending_removal.message}`;
    add("removal_pending", source.attempted, { of: names, reason: "removal_pending", message });
  }
  // A network that is away for a while mends itself, and would keep this message from leaving, too.
  if (source.error !== null && isConnectivityError(source.error.reason) && !PASSING.has(source.error.reason)) {
    add("sync_failed", null, { of: "", reason: source.error.reason, message: source.error.message });
  }
  return found;
}

const PASSING: ReadonlySet<string> = new Set(["repo_unreachable", "rate_limited", "timeout", "internal_error"]);

function named({ source }: Snapshot, revision: string): string {
  const subject = revision === source.attempted ? source.subject : null;
  return `${shortId(revision)}${subject === null ? "" : ` "${subject}"`}`;
}

function ofWorkload({ source }: Snapshot, workload: WorkloadStatus): Alert[] {
  const { name, reason, message, refused } = workload;
  const about = { workload: name, revision: source.attempted, reason };
  if (refused !== null && refused.by !== "owner") {
    const key = `rolled_back ${name} ${refused.fingerprint}`;
    return [{ key, event: "rolled_back", ...about, message: `${name} was rolled back: ${refused.message}` }];
  }
  if (reason === "policy_denied") {
    return [{ key: `policy_denied ${name}`, event: "policy_denied", ...about, message: `${name}: ${message}` }];
  }
  if (!isUnwell(workload)) return [];
  return [{ key: `unhealthy ${name}`, event: "unhealthy", ...about, message: `${name} is unhealthy: ${message}` }];
}

function isUnwell({ health, phase, reason }: WorkloadStatus): boolean {
  return health === "unhealthy" || phase === "failed" || (phase === "backoff" && reason === "crash_loop");
}

/** What has become well again, of what was told to be not; null while that is not sure. */
export function resolvedAlert(key: string, { source, workloads }: Snapshot): Alert | "gone" | null {
  const about = { key, event: "recovered" as const, reason: "running" };
  if (key === "sync_failed ") {
    const message = "the repository can be read again";
    return source.error !== null ? null : { ...about, workload: null, revision: source.seen, message };
  }
  const name = /^unhealthy (.*)$/s.exec(key)?.[1];
  const workload = workloads.find((workloadStatus) => workloadStatus.name === name);
  if (name === undefined || workload === undefined) return "gone";
  const isWell = workload.health === "healthy" || ["completed", "stopped"].includes(workload.phase);
  return isWell ? { ...about, workload: name, revision: workload.revision, message: `${name} is well again` } : null;
}
