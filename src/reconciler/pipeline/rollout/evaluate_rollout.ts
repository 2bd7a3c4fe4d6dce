/**
 * Rollout of one workload: decides which spec it runs: the desired one, or the last stable version after a failed
 * rollout. A failed spec is quarantined until git changes it, and a rollback that fails too ends there, so that a
 * workload never alternates between two specs.
 */
import { durationText } from "../../../model/duration.ts";
import { fingerprint as fingerprintOf, isSameSpec, rolloutDigest } from "../../../model/fingerprint.ts";
import { shortId } from "../../../model/git_ref.ts";
import type { WorkloadState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
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
import type { Cause } from "../action.ts";
import { assessInstances, type InstanceAssessment } from "../assess_instance.ts";
import { earliest } from "../earliest.ts";
import type { ClockReading } from "../elapsed.ts";
import type { ProbedHealths } from "../instance_health.ts";
import type { RetryState } from "../retry_state.ts";
import { type RolloutProgress, rolloutProgress } from "./rollout_progress.ts";

export interface RolloutInput extends ClockReading {
  /** Spec that git asks for, with the operator's override. */
  desired: Workload;
  revision: string;
  state: WorkloadState | undefined;
  /** All instances of the workload, in a fixed order. */
  instances: readonly Instance[];
  retry: RetryState | undefined;
  probedHealth: ProbedHealths;
  /** Runtimes that answer, and since when. Time in which a runtime does not answer counts towards no deadline. */
  answeringSince: ReadonlyMap<string, number>;
  /** Reason why the whole revision is rolled back; null when it is not. */
  revisionFailure: string | null;
}

export interface RolloutDecision {
  /** Spec that git asks for. */
  desired: Workload;
  /** Spec that is to run. */
  spec: Workload;
  /** Revision that `spec` came with. */
  revision: string;
  /** Set when `spec` is not the desired one, with the reason. */
  quarantined: QuarantinedSpec | null;
  /** Assessments of all instances against `spec`. */
  instances: readonly InstanceAssessment[];
  /** Rollout state, to be persisted before any action runs. */
  rollouts: RolloutState;
  wakeAt: number | null;
}

export function evaluateRollout(input: RolloutInput): RolloutDecision {
  const { desired, state, revisionFailure } = input;
  const known = state?.rollouts ?? NO_ROLLOUTS;
  if (desired.job !== null) return runDesired(input, known);
  const quarantined = isStillQuarantined(known.refused, input) ? known.refused : undefined;
  const target = quarantined && known.versions.find((version) => version.fingerprint === quarantined.target);
  if (quarantined !== undefined && target !== undefined) return rollBack(input, { known, quarantined, target });
  const released = quarantined === known.refused ? known : without(known, "refused");
  if (revisionFailure !== null) return rollBackWithRevision(input, released, revisionFailure);
  if (!desired.enabled || desired.suspend) return runDesired(input, released);
  return continueRollout(input, released);
}

/** Describes a rollback, as the rest of a sentence. */
export function rollbackReason({ by, fingerprint, target, message }: QuarantinedSpec): string {
  if (target === "") return `goes away again: ${message}`;
  const back = `goes back from ${shortId(fingerprint)} to ${shortId(target)}`;
  return by === "owner" ? `${back}, as was asked on the device` : `${back}: ${message}`;
}

function runDesired(
  input: RolloutInput,
  rollouts: RolloutState,
  { wakeAt = null, instances = assessInstances(input.desired, input) }: {
    wakeAt?: number | null;
    instances?: readonly InstanceAssessment[];
  } = {},
): RolloutDecision {
  const { desired, revision } = input;
  return { desired, spec: desired, revision, quarantined: null, instances, rollouts, wakeAt };
}

/** A spec that was rolled back with its revision is tried again with the next one; any other when it changes itself. */
function isStillQuarantined(
  quarantined: QuarantinedSpec | undefined,
  { desired, revisionFailure }: RolloutInput,
): quarantined is QuarantinedSpec {
  if (quarantined === undefined || quarantined.digest !== rolloutDigest(desired)) return false;
  return quarantined.by !== "revision" || revisionFailure !== null;
}

/** Rolls back to the stable version of an earlier revision; stops a workload that has none. */
function rollBackWithRevision(input: RolloutInput, known: RolloutState, message: string): RolloutDecision {
  const { desired, revision, now } = input;
  const target = known.versions.findLast((version) => version.revision !== revision);
  const fingerprint = fingerprintOf(desired);
  if (target?.fingerprint === fingerprint) return continueRollout(input, known);
  const quarantined: QuarantinedSpec = {
    digest: rolloutDigest(desired),
    fingerprint,
    revision,
    target: target?.fingerprint ?? "",
    by: "revision",
    reason: "rolled_back",
    message,
    at: now,
    state: "going-back",
  };
  if (target !== undefined) return rollBack(input, { known, quarantined, target });
  const spec = { ...desired, enabled: false };
  const instances = assessInstances(spec, input);
  return { desired, spec, revision, quarantined, instances, rollouts: without(known, "underWay"), wakeAt: null };
}

/** Continues, completes or fails the rollout of the desired spec. */
function continueRollout(input: RolloutInput, before: RolloutState): RolloutDecision {
  const { desired, revision, retry, now, clockSetAt } = input;
  const fingerprint = fingerprintOf(desired);
  const known = withoutSuperseded(before, fingerprint, now);
  const answeringSince = input.answeringSince.get(desired.runtime);
  const instances = assessInstances(desired, input);
  if (answeringSince === undefined) return runDesired(input, known, { instances });
  const isStable = known.versions.at(-1)?.fingerprint === fingerprint;
  const isHere = input.instances.some((instance) => instance.fingerprint === fingerprint);
  const underWay = known.underWay ??
    (isStable || !isHere ? undefined : foundRollout({ fingerprint, revision, startedAt: now }));
  const progress = rolloutProgress({ spec: desired, fingerprint, instances, retry, now, clockSetAt });

  if (progress.type === "complete") return runDesired(input, completed(known, { input, underWay }), { instances });
  const progressAt = progress.type === "waiting" ? progress.wakeAt : null;
  if (underWay === undefined) return runDesired(input, known, { instances, wakeAt: progressAt });
  const rollouts = { ...known, underWay };
  if (underWay.failed !== undefined) return runDesired(input, rollouts, { instances, wakeAt: progressAt });
  const deadlineAt = deadlineOf(underWay.startedAt, { spec: desired, answeringSince, now });
  const failure = failureOf(progress, { spec: desired, isLate: now >= deadlineAt });
  if (failure === null) return runDesired(input, rollouts, { instances, wakeAt: earliest(progressAt, deadlineAt) });
  return failRollout(input, { rollouts, underWay, failure, instances });
}

/** Ends a failed rollout: rolls back to the previous stable version; without one the desired spec stays. */
function failRollout(
  input: RolloutInput,
  { rollouts, underWay, failure, instances }: {
    rollouts: RolloutState;
    underWay: ActiveRollout;
    failure: Cause;
    instances: readonly InstanceAssessment[];
  },
): RolloutDecision {
  const { desired, revision, now } = input;
  const target = previousStable(rollouts, underWay.fingerprint);
  const record = recordOf(underWay, { outcome: target === undefined ? "failed" : "rolled-back", now, ...failure });
  const history = addRolloutRecord(rollouts.history, record);
  if (target === undefined) {
    return runDesired(input, { ...rollouts, underWay: { ...underWay, failed: failure }, history }, { instances });
  }
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

/** Runs a stable version in place of the desired spec. Whether anything runs at all is still decided by git. */
function rollBack(
  input: RolloutInput,
  { known, quarantined, target }: { known: RolloutState; quarantined: QuarantinedSpec; target: StableVersion },
): RolloutDecision {
  const { desired, retry, now, clockSetAt } = input;
  const { name, description, manifest, enabled, suspend, movedFrom, drift } = desired;
  const live = { name, description, manifest, enabled, suspend, movedFrom, drift };
  const spec: Workload = target.workload.runtime === "docker"
    ? { ...target.workload, ...live, pinnedImage: target.imageId ?? target.workload.pinnedImage }
    : { ...target.workload, ...live };
  const instances = assessInstances(spec, input);
  const as = (state: QuarantinedSpec["state"], wakeAt: number | null = null): RolloutDecision => {
    const refused = { ...quarantined, state };
    const rollouts = { ...without(known, "underWay"), refused };
    return { desired, spec, revision: target.revision, quarantined: refused, instances, rollouts, wakeAt };
  };
  const answeringSince = input.answeringSince.get(spec.runtime);
  if (!enabled || suspend || answeringSince === undefined) return as(quarantined.state);
  const progress = rolloutProgress({ spec, fingerprint: target.fingerprint, instances, retry, now, clockSetAt });
  if (progress.type === "complete") return as("back");
  const progressAt = progress.type === "waiting" ? progress.wakeAt : null;
  if (quarantined.state !== "going-back") return as(quarantined.state, progressAt);
  const deadlineAt = deadlineOf(quarantined.at, { spec, answeringSince, now });
  if (failureOf(progress, { spec, isLate: now >= deadlineAt }) !== null) return as("failed");
  return as("going-back", earliest(deadlineAt, progressAt));
}

/** Returns why a rollout has failed; null while it may still succeed. */
function failureOf(progress: RolloutProgress, { spec, isLate }: { spec: Workload; isLate: boolean }): Cause | null {
  if (progress.type === "complete") return null;
  if (progress.type === "failed") return { reason: progress.reason, message: progress.message };
  if (!isLate || progress.isHealthy) return null;
  const limit = durationText(rolloutDeadlineMs(spec));
  return { reason: "health_timeout", message: `was not healthy within ${limit}: ${progress.missing}` };
}

/** Records the desired spec as the newest stable version. */
function completed(
  known: RolloutState,
  { input, underWay }: { input: RolloutInput; underWay: ActiveRollout | undefined },
): RolloutState {
  const { desired, revision, instances, now } = input;
  const fingerprint = fingerprintOf(desired);
  const last = known.versions.at(-1);
  const rest = without(known, "underWay");
  const imageId = instances[0]?.imageId;
  const isSame = last?.fingerprint === fingerprint && isSameSpec(last.workload, desired) && last.imageId === imageId;
  if (isSame && known.underWay === undefined) return known;
  const version = { workload: desired, fingerprint, revision, healthyAt: now };
  const versions = isSame ? known.versions : addStableVersion(known.versions, {
    ...version,
    ...(imageId === undefined ? {} : { imageId }),
  });
  if (underWay === undefined) return { ...rest, versions };
  const { reason, message } = underWay;
  const record = recordOf(underWay, { outcome: "healthy", now, reason, message });
  return { ...rest, versions, history: addRolloutRecord(known.history, record) };
}

/** Creates the rollout of an instance that was found on the device without a recorded rollout. */
function foundRollout(begun: Pick<ActiveRollout, "fingerprint" | "revision" | "startedAt">): ActiveRollout {
  return { ...begun, reason: "spec_changed", message: "was found on the device" };
}

function recordOf(
  { fingerprint, revision, startedAt }: ActiveRollout,
  { now, ...rest }: Pick<RolloutRecord, "outcome" | "reason" | "message"> & { now: number },
): RolloutRecord {
  return { fingerprint, revision, startedAt, endedAt: now, ...rest };
}

/** Ends a rollout of another fingerprint than `fingerprint`. */
function withoutSuperseded(known: RolloutState, fingerprint: string, now: number): RolloutState {
  const { underWay } = known;
  if (underWay === undefined || underWay.fingerprint === fingerprint) return known;
  const rest = without(known, "underWay");
  if (underWay.failed !== undefined) return rest;
  const message = "something else was asked for before it was healthy";
  const record = recordOf(underWay, { outcome: "superseded", now, reason: "spec_changed", message });
  return { ...rest, history: addRolloutRecord(known.history, record) };
}

/** Time without an answering runtime does not count, nor does time from before a clock was set back. */
function deadlineOf(
  since: number,
  { spec, answeringSince, now }: { spec: Workload; answeringSince: number; now: number },
): number {
  return Math.max(Math.min(since, now), answeringSince) + rolloutDeadlineMs(spec);
}

function without(rollouts: RolloutState, key: "underWay" | "refused"): RolloutState {
  const { [key]: _, ...rest } = rollouts;
  return rest;
}
