/** Rollouts of a workload, as the snapshot shows them. */
import type { RolloutRecord, RolloutState } from "../model/rollout.ts";
import { rolloutDeadlineMs } from "../model/start_grace.ts";
import type { RolloutStatus, WorkloadStatus } from "../model/snapshot.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import type { Workload } from "../model/workload.ts";

type RolloutFields = Pick<WorkloadStatus, "rollout" | "refused" | "history" | "versions">;

/** Maps a rollout state to the public fields. A failed rollout without a stable version is no longer shown as open. */
export function rolloutStatus(spec: Workload | null, rollouts: RolloutState): RolloutFields {
  const { underWay, refused, history, versions } = rollouts;
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
