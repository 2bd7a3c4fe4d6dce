/** [pure] What a forge is told of a revision on this device. */
import { type ReasonCode, REASONS } from "../model/reason.ts";
import type { Snapshot, WorkloadStatus } from "../model/snapshot.ts";
import { shortId } from "../model/git_ref.ts";

export interface CommitState {
  revision: string;
  /** `superseded`: another revision came before it was healthy. */
  state: "pending" | "success" | "failure" | "superseded";
  /** Why, in a sentence. */
  description: string;
}

/** Of the repository as a whole: no word about the commit that could not be had. */
const OF_THE_WAY: ReadonlySet<ReasonCode> = new Set([
  "repo_unreachable",
  "repo_not_found",
  "auth_failed",
  "branch_not_found",
  "ref_not_found",
  "host_unverified",
  "signers_unreadable",
  "rate_limited",
  "timeout",
  "disk_full",
  "disk_read_only",
  "disk_failed",
  "insufficient_disk",
  "permission_denied",
  "internal_error",
]);

/** Whether an error of the source is one of getting there, and not of what was found. */
export function isConnectivityError(reason: ReasonCode): boolean {
  return OF_THE_WAY.has(reason);
}

/** How each revision stands that something is known of: what is being carried out, and a newer one that is not taken. */
export function commitStates(snapshot: Snapshot): CommitState[] {
  const { source } = snapshot;
  const states: CommitState[] = [];
  if (source.attempted !== null) states.push(attempted(snapshot, source.attempted));
  // One that this device is to skip is none of its business.
  if (source.delayed !== null && source.delayed.reason !== "revision_skipped") {
    const { revision, message } = source.delayed;
    states.push({ revision, state: "pending", description: message });
  }
  const { error } = source;
  if (error !== null && !error.transient && !isConnectivityError(error.reason) && source.seen !== null) {
    if (source.seen !== source.attempted) {
      states.push({ revision: source.seen, state: "failure", description: failed(snapshot, error.message) });
    }
  }
  return states;
}

function attempted(snapshot: Snapshot, revision: string): CommitState {
  const { source, workloads, pending_removal } = snapshot;
  if (source.healthy === revision) return { revision, state: "success", description: healthySummary(workloads) };
  if (source.error?.reason === "revision_set_aside" && source.seen === revision) {
    return { revision, state: "failure", description: failed(snapshot, source.error.message) };
  }
  // The workloads are still shown as of the revision before.
  const bad = source.planned === revision ? workloads.find((workload) => failure(workload) !== null) : undefined;
  if (bad !== undefined) {
    return { revision, state: "failure", description: failed(snapshot, `${bad.name}: ${failure(bad)}`) };
  }
  const isPending = source.planned === revision && pending_removal !== null;
  const description = isPending ? `removal of ${pending_removal.names.join(", ")} is pending` : "is being applied";
  return { revision, state: "pending", description };
}

/** "applied, all 3 workloads are healthy" */
export function healthySummary(workloads: WorkloadStatus[]): string {
  const count = workloads.length;
  return count === 1 ? "applied, the workload is healthy" : `applied, all ${count} workloads are healthy`;
}

/** What keeps the revision from ever being healthy as it is; null while it may become so. */
function failure({ phase, sync, message, refused, reason }: WorkloadStatus): string | null {
  if (refused !== null && refused.by !== "owner") return `rolled back: ${refused.message}`;
  if (phase === "invalid") return message;
  if (phase === "failed" && sync === "synced") return message;
  if (reason === "policy_denied" || reason === "secret_unresolved") return `${REASONS[reason]}: ${message}`;
  return null;
}

function failed({ source }: Snapshot, why: string): string {
  const running = source.healthy ?? source.applied;
  return running === null ? why : `${why}; running ${shortId(running)}`;
}

/**
 * Of `current`, what the forge was not told yet, and what it should hear of revisions that were left behind. `told` are
 * the last states that it was told or is to be told. A success is the last word; a failure can only become a success.
 */
export function unsent(told: readonly CommitState[], current: readonly CommitState[]): CommitState[] {
  const last = new Map(told.map((commitState) => [commitState.revision, commitState]));
  const news = current.filter((commitState) => isNews(last.get(commitState.revision), commitState));
  const left = told.filter(({ revision, state }) =>
    state === "pending" && !current.some((commitState) => commitState.revision === revision)
  );
  const next = current[0] === undefined ? undefined : shortId(current[0].revision);
  const superseded = current.length === 0 ? [] : left.map(({ revision }): CommitState => (
    { revision, state: "superseded", description: `superseded by ${next} before it was healthy` }
  ));
  return [...superseded, ...news];
}

function isNews(before: CommitState | undefined, after: CommitState): boolean {
  if (before === undefined) return true;
  if (before.state === "success") return false;
  if (before.state === "pending") return after.state !== "pending" || before.description !== after.description;
  return after.state === "success" || (before.state === "superseded" && after.state !== "superseded");
}
