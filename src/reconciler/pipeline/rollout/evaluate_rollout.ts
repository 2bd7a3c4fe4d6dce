/**
 * Which spec a workload is taken to: what git asks for, or, where that did not become healthy in time, the last version
 * that was. A refused spec is not tried again before git asks for another one; of a way back that fails too nothing
 * follows, so that nothing goes to and fro.
 */
import { durationText } from "../../../model/duration.ts";
import { fingerprint as fingerprintOf, isSameSpec, rolloutDigest } from "../../../model/fingerprint.ts";
import type { SlotState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
import type { ReasonCode } from "../../../model/reason.ts";
import {
  type ActiveRollout,
  addRolloutRecord,
  addStableVersion,
  NO_ROLLOUTS,
  previousStable,
  type QuarantinedSpec,
  type RolloutRecord,
  type RolloutState,
  type StableVersion,
} from "../../../model/rollout.ts";
import { rolloutDeadlineMs } from "../../../model/start_grace.ts";
import type { Workload } from "../../../model/workload.ts";
import type { ProbedHealths } from "../instance_health.ts";
import type { RetryState } from "../retry_state.ts";
import { type RolloutProgress, rolloutProgress } from "./rollout_progress.ts";

export interface RolloutInput {
  /** What git asks for. */
  desired: Workload;
  revision: string;
  rollouts: RolloutState | undefined;
  slots: Readonly<Record<string, SlotState>>;
  /** All instances of the workload. */
  instances: readonly Instance[];
  retry: RetryState | undefined;
  probedHealth: ProbedHealths;
  /** Runtimes that could be observed, and since when without a break: no deadline counts while nobody can look. */
  answeringSince: ReadonlyMap<string, number>;
  /** Why all of `revision` is taken back; null when it is not. */
  takenBack: string | null;
  now: number;
  /** As in `ClockReading`. */
  clockSetAt?: number | undefined;
}

export interface RolloutDecision {
  /** What git asks for. */
  desired: Workload;
  /** What is to run. */
  spec: Workload;
  /** The revision that `spec` came with. */
  revision: string;
  /** Why `spec` is not what git asks for; null when it is. */
  quarantined: QuarantinedSpec | null;
  /** To be remembered before anything is done. */
  rollouts: RolloutState;
  wakeAt: number | null;
}

export function evaluateRollout(input: RolloutInput): RolloutDecision {
  const { desired, revision } = input;
  const known = input.rollouts ?? NO_ROLLOUTS;
  const as = (rollouts: RolloutState, wakeAt: number | null = null): RolloutDecision => {
    return { desired, spec: desired, revision, quarantined: null, rollouts, wakeAt };
  };
  if (desired.job !== null) return as(known);
  const quarantined = isStill(known.refused, input) ? known.refused : undefined;
  const target = quarantined && known.versions.find((version) => version.fingerprint === quarantined.target);
  if (quarantined !== undefined && target !== undefined) return rollBack(input, { known, quarantined, target });
  const free = quarantined === known.refused ? known : without(known, "refused");
  if (input.takenBack !== null) return rollBackWithRevision(input, { known: free, because: input.takenBack, as });
  if (!desired.enabled || desired.suspend) return as(free);
  return continueRollout(input, free, as);
}

/** What went back with its revision is tried again with the next one; all else when it is another itself. */
function isStill(
  quarantined: QuarantinedSpec | undefined,
  { desired, takenBack }: RolloutInput,
): quarantined is QuarantinedSpec {
  if (quarantined === undefined || quarantined.digest !== rolloutDigest(desired)) return false;
  return quarantined.by !== "revision" || takenBack !== null;
}

/** With the rest of its revision: to the version before it, or to nothing where there was none. */
function rollBackWithRevision(
  input: RolloutInput,
  { known, because, as }: { known: RolloutState; because: string; as: (rollouts: RolloutState) => RolloutDecision },
): RolloutDecision {
  const { desired, revision, now } = input;
  const target = known.versions.findLast((version) => version.revision !== revision);
  const wanted = fingerprintOf(desired);
  if (target?.fingerprint === wanted) return continueRollout(input, known, as);
  const quarantined: QuarantinedSpec = {
    digest: rolloutDigest(desired),
    fingerprint: wanted,
    revision,
    target: target?.fingerprint ?? "",
    by: "revision",
    reason: "rolled_back",
    message: because,
    at: now,
    state: "going-back",
  };
  if (target !== undefined) return rollBack(input, { known, quarantined, target });
  return { ...as(without(known, "underWay")), spec: { ...desired, enabled: false }, quarantined };
}

/** To what git asks for. */
function continueRollout(
  input: RolloutInput,
  before: RolloutState,
  as: (rollouts: RolloutState, wakeAt?: number | null) => RolloutDecision,
): RolloutDecision {
  const { desired, revision, instances, now } = input;
  const wanted = fingerprintOf(desired);
  const known = withoutSuperseded(before, wanted, now);
  const answering = input.answeringSince.get(desired.runtime);
  if (answering === undefined) return as(known);
  const isProven = known.versions.at(-1)?.fingerprint === wanted;
  const isHere = instances.some((instance) => instance.fingerprint === wanted);
  const underWay = known.underWay ?? (isProven || !isHere ? undefined : begun(desired, { revision, now }));
  const progress = rolloutProgress({ ...input, spec: desired, fingerprint: wanted });

  if (progress.type === "healthy") return as(succeeded(known, { input, underWay, wanted }));
  const wakeAt = progress.type === "waiting" ? progress.wakeAt : null;
  if (underWay === undefined) return as(known, wakeAt);
  const rollouts = { ...known, underWay };
  if (underWay.failed !== undefined) return as(rollouts, wakeAt);
  const deadlineAt = deadline(underWay.startedAt, { spec: desired, answering, now });
  const failure = failureOf(progress, { spec: desired, isLate: now >= deadlineAt });
  if (failure === null) return as(rollouts, earliest([wakeAt, deadlineAt]));
  return failed(input, { rollouts, underWay, failure, as });
}

function failed(
  input: RolloutInput,
  { rollouts, underWay, failure, as }: {
    rollouts: RolloutState;
    underWay: ActiveRollout;
    failure: Failed;
    as: (rollouts: RolloutState) => RolloutDecision;
  },
): RolloutDecision {
  const { desired, revision, now } = input;
  const target = previousStable(rollouts, underWay.fingerprint);
  const record = recordOf(underWay, { outcome: target === undefined ? "failed" : "rolled-back", now, ...failure });
  const history = addRolloutRecord(rollouts.history, record);
  if (target === undefined) return as({ ...rollouts, underWay: { ...underWay, failed: failure }, history });
  const quarantined: QuarantinedSpec = {
    digest: rolloutDigest(desired),
    fingerprint: underWay.fingerprint,
    revision,
    target: target.fingerprint,
    by: "health",
    ...failure,
    at: now,
    state: "going-back",
  };
  return rollBack(input, { known: { ...without(rollouts, "underWay"), history }, quarantined, target });
}

/** To the version before. Whether it is to run at all is for git to say, as always. */
function rollBack(
  input: RolloutInput,
  { known, quarantined, target }: { known: RolloutState; quarantined: QuarantinedSpec; target: StableVersion },
): RolloutDecision {
  const { desired, now } = input;
  const { name, description, manifest, enabled, suspend, movedFrom, drift } = desired;
  const live = { name, description, manifest, enabled, suspend, movedFrom, drift };
  const spec: Workload = target.workload.runtime === "docker"
    ? { ...target.workload, ...live, pinnedImage: target.imageId ?? target.workload.pinnedImage }
    : { ...target.workload, ...live };
  const as = (state: QuarantinedSpec["state"], wakeAt: number | null = null): RolloutDecision => {
    const now = { ...quarantined, state };
    const rollouts = { ...without(known, "underWay"), refused: now };
    return { desired, spec, revision: target.revision, quarantined: now, rollouts, wakeAt };
  };
  const answering = input.answeringSince.get(spec.runtime);
  if (!enabled || suspend || answering === undefined) return as(quarantined.state);
  const progress = rolloutProgress({ ...input, spec, fingerprint: target.fingerprint });
  if (progress.type === "healthy") return as("back");
  if (quarantined.state !== "going-back") {
    return as(quarantined.state, progress.type === "waiting" ? progress.wakeAt : null);
  }
  const deadlineAt = deadline(quarantined.at, { spec, answering, now });
  if (failureOf(progress, { spec, isLate: now >= deadlineAt }) !== null) return as("failed");
  return as("going-back", earliest([deadlineAt, progress.type === "waiting" ? progress.wakeAt : null]));
}

interface Failed {
  reason: ReasonCode;
  message: string;
}

function failureOf(progress: RolloutProgress, { spec, isLate }: { spec: Workload; isLate: boolean }): Failed | null {
  if (progress.type === "healthy") return null;
  if (progress.type === "hopeless") return { reason: progress.reason, message: progress.message };
  if (!isLate || progress.isHealthy) return null;
  const within = durationText(rolloutDeadlineMs(spec));
  return { reason: "health_timeout", message: `was not healthy within ${within}: ${progress.missing}` };
}

function succeeded(
  known: RolloutState,
  { input, underWay, wanted }: { input: RolloutInput; underWay: ActiveRollout | undefined; wanted: string },
): RolloutState {
  const { desired, revision, instances, now } = input;
  const last = known.versions.at(-1);
  const rest = without(known, "underWay");
  const imageId = instances[0]?.imageId;
  const isSame = last?.fingerprint === wanted && isSameSpec(last.workload, desired) && last.imageId === imageId;
  if (isSame && known.underWay === undefined) return known;
  const version = { workload: desired, fingerprint: wanted, revision, healthyAt: now };
  const versions = isSame ? known.versions : addStableVersion(known.versions, {
    ...version,
    ...(imageId === undefined ? {} : { imageId }),
  });
  if (underWay === undefined) return { ...rest, versions };
  const { reason, message } = underWay;
  const record = recordOf(underWay, { outcome: "healthy", now, reason, message });
  return { ...rest, versions, history: addRolloutRecord(known.history, record) };
}

/** For a rollout that nobody wrote down: an instance of it is here, so it has begun. */
function begun(desired: Workload, { revision, now }: { revision: string; now: number }): ActiveRollout {
  return {
    fingerprint: fingerprintOf(desired),
    revision,
    reason: "spec_changed",
    message: "was found on the device",
    startedAt: now,
  };
}

function recordOf(
  { fingerprint, revision, startedAt }: ActiveRollout,
  { now, ...rest }: Pick<RolloutRecord, "outcome" | "reason" | "message"> & { now: number },
): RolloutRecord {
  return { fingerprint, revision, startedAt, endedAt: now, ...rest };
}

function withoutSuperseded(known: RolloutState, wanted: string, now: number): RolloutState {
  const { underWay } = known;
  if (underWay === undefined || underWay.fingerprint === wanted) return known;
  const rest = without(known, "underWay");
  if (underWay.failed !== undefined) return rest;
  const message = "something else was asked for before it was healthy";
  const record = recordOf(underWay, { outcome: "superseded", now, reason: "spec_changed", message });
  return { ...rest, history: addRolloutRecord(known.history, record) };
}

/** What nobody could look at does not count, nor does time from before a clock that was set back. */
function deadline(
  since: number,
  { spec, answering, now }: { spec: Workload; answering: number; now: number },
): number {
  return Math.max(Math.min(since, now), answering) + rolloutDeadlineMs(spec);
}

function without(rollouts: RolloutState, key: "underWay" | "refused"): RolloutState {
  const { [key]: _, ...rest } = rollouts;
  return rest;
}

function earliest(times: (number | null)[]): number | null {
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
