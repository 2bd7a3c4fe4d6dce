/** Of a workload's rollouts, what a snapshot shows. */
import type { RolloutRecord, RolloutState } from "../model/rollout.ts";
import type { RolloutStatus, WorkloadStatus } from "../model/snapshot.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolve_workloads.ts";
import { rolloutDeadlineMs } from "../model/start_grace.ts";
import { isoTime } from "../model/iso_timestamp.ts";

type Shown = Pick<WorkloadStatus, "rollout" | "refused" | "history" | "versions">;

export function rolloutStatus({ spec, rollout }: ResolvedWorkload, rollouts: RolloutState): Shown {
  // Of an invalid manifest nothing is judged: what is remembered goes on counting.
  const { underWay, refused, history, versions } = rollout?.rollouts ?? rollouts;
  return {
    rollout: underWay === undefined || underWay.failed !== undefined || spec === null ? null : {
      fingerprint: underWay.fingerprint,
      started_at: isoTime(underWay.startedAt),
      deadline_at: isoTime(underWay.startedAt + rolloutDeadlineMs(spec)),
      message: underWay.message,
    },
    refused: refused === undefined ? null : {
      fingerprint: refused.fingerprint,
      target: refused.target,
      by: refused.by,
      at: isoTime(refused.at),
      message: refused.message,
    },
    history: history.map(recordStatus),
    versions: versions.map((version) => version.fingerprint),
  };
}

function recordStatus(record: RolloutRecord): RolloutStatus {
  const { fingerprint, revision, outcome, reason, message, evidence } = record;
  return {
    fingerprint,
    revision,
    started_at: isoTime(record.startedAt),
    ended_at: isoTime(record.endedAt),
    outcome,
    reason,
    message,
    lines: evidence?.lines ?? [],
    probes: evidence?.probes ?? [],
  };
}
