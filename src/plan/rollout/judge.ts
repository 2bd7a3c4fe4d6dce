/**
 * Which spec a workload is taken to: what git asks for, or, where that did not become healthy in time, the last version
 * that was. A refused spec is not tried again before git asks for another one; of a way back that fails too nothing
 * follows, so that nothing goes to and fro.
 */
import { durationText } from "../../model/duration.ts";
import { fingerprint as fingerprintOf, isSameSpec, rolloutDigest } from "../../model/fingerprint.ts";
import type { SlotMemory } from "../../model/memory.ts";
import type { Instance } from "../../model/observed.ts";
import type { ReasonCode } from "../../model/reason.ts";
import {
  NO_ROLLOUTS,
  type Refusal,
  type RolloutMemory,
  type RolloutRecord,
  type UnderWay,
  type Version,
  versionBefore,
  withRecord,
  withVersion,
} from "../../model/rollout.ts";
import { rolloutDeadlineMs } from "../../model/time/start_grace.ts";
import type { Workload } from "../../model/workload.ts";
import type { Verdicts } from "../health.ts";
import type { Attempt } from "../attempt.ts";
import { type Standing, standing } from "./standing.ts";

export interface JudgeInput {
  /** What git asks for. */
  asked: Workload;
  revision: string;
  rollouts: RolloutMemory | undefined;
  slots: Readonly<Record<string, SlotMemory>>;
  /** All instances of the workload. */
  instances: readonly Instance[];
  attempt: Attempt | undefined;
  verdicts: Verdicts;
  /** Runtimes that could be observed, and since when without a break: no deadline counts while nobody can look. */
  answeringSince: ReadonlyMap<string, number>;
  /** Why all of `revision` is taken back; null when it is not. */
  takenBack: string | null;
  now: number;
  /** As in `ClockReading`. */
  clockSetAt?: number | undefined;
}

export interface Judged {
  /** What git asks for. */
  asked: Workload;
  /** What is to run. */
  spec: Workload;
  /** The revision that `spec` came with. */
  revision: string;
  /** Why `spec` is not what git asks for; null when it is. */
  refused: Refusal | null;
  /** To be remembered before anything is done. */
  rollouts: RolloutMemory;
  wakeAt: number | null;
}

export function judge(input: JudgeInput): Judged {
  const { asked, revision } = input;
  const known = input.rollouts ?? NO_ROLLOUTS;
  const as = (rollouts: RolloutMemory, wakeAt: number | null = null): Judged => {
    return { asked, spec: asked, revision, refused: null, rollouts, wakeAt };
  };
  if (asked.job !== null) return as(known);
  const refused = isStill(known.refused, input) ? known.refused : undefined;
  const target = refused && known.versions.find((one) => one.fingerprint === refused.target);
  if (refused !== undefined && target !== undefined) return goBack(input, { known, refused, target });
  const free = refused === known.refused ? known : without(known, "refused");
  if (input.takenBack !== null) return takeBack(input, { known: free, because: input.takenBack, as });
  if (!asked.enabled || asked.suspend) return as(free);
  return goOn(input, free, as);
}

/** What went back with its revision is tried again with the next one; all else when it is another itself. */
function isStill(refused: Refusal | undefined, { asked, takenBack }: JudgeInput): refused is Refusal {
  if (refused === undefined || refused.digest !== rolloutDigest(asked)) return false;
  return refused.by !== "revision" || takenBack !== null;
}

/** With the rest of its revision: to the version before it, or to nothing where there was none. */
function takeBack(
  input: JudgeInput,
  { known, because, as }: { known: RolloutMemory; because: string; as: (rollouts: RolloutMemory) => Judged },
): Judged {
  const { asked, revision, now } = input;
  const target = known.versions.findLast((one) => one.revision !== revision);
  const wanted = fingerprintOf(asked);
  if (target?.fingerprint === wanted) return goOn(input, known, as);
  const refused: Refusal = {
    digest: rolloutDigest(asked),
    fingerprint: wanted,
    revision,
    target: target?.fingerprint ?? "",
    by: "revision",
    reason: "rolled_back",
    message: because,
    at: now,
    state: "going-back",
  };
  if (target !== undefined) return goBack(input, { known, refused, target });
  return { ...as(without(known, "underWay")), spec: { ...asked, enabled: false }, refused };
}

/** To what git asks for. */
function goOn(
  input: JudgeInput,
  before: RolloutMemory,
  as: (rollouts: RolloutMemory, wakeAt?: number | null) => Judged,
): Judged {
  const { asked, revision, instances, now } = input;
  const wanted = fingerprintOf(asked);
  const known = withoutSuperseded(before, wanted, now);
  const answering = input.answeringSince.get(asked.runtime);
  if (answering === undefined) return as(known);
  const isProven = known.versions.at(-1)?.fingerprint === wanted;
  const isHere = instances.some((one) => one.fingerprint === wanted);
  const underWay = known.underWay ?? (isProven || !isHere ? undefined : begun(asked, { revision, now }));
  const stands = standing({ ...input, spec: asked, fingerprint: wanted });

  if (stands.type === "healthy") return as(succeeded(known, { input, underWay, wanted }));
  const wakeAt = stands.type === "waiting" ? stands.wakeAt : null;
  if (underWay === undefined) return as(known, wakeAt);
  const rollouts = { ...known, underWay };
  if (underWay.failed !== undefined) return as(rollouts, wakeAt);
  const deadlineAt = deadline(underWay.startedAt, { spec: asked, answering, now });
  const failure = failureOf(stands, { spec: asked, isLate: now >= deadlineAt });
  if (failure === null) return as(rollouts, earliest([wakeAt, deadlineAt]));
  return failed(input, { rollouts, underWay, failure, as });
}

function failed(
  input: JudgeInput,
  { rollouts, underWay, failure, as }: {
    rollouts: RolloutMemory;
    underWay: UnderWay;
    failure: Failed;
    as: (rollouts: RolloutMemory) => Judged;
  },
): Judged {
  const { asked, revision, now } = input;
  const target = versionBefore(rollouts, underWay.fingerprint);
  const record = recordOf(underWay, { outcome: target === undefined ? "failed" : "rolled-back", now, ...failure });
  const history = withRecord(rollouts.history, record);
  if (target === undefined) return as({ ...rollouts, underWay: { ...underWay, failed: failure }, history });
  const refused: Refusal = {
    digest: rolloutDigest(asked),
    fingerprint: underWay.fingerprint,
    revision,
    target: target.fingerprint,
    by: "health",
    ...failure,
    at: now,
    state: "going-back",
  };
  return goBack(input, { known: { ...without(rollouts, "underWay"), history }, refused, target });
}

/** To the version before. Whether it is to run at all is for git to say, as always. */
function goBack(
  input: JudgeInput,
  { known, refused, target }: { known: RolloutMemory; refused: Refusal; target: Version },
): Judged {
  const { asked, now } = input;
  const { name, description, manifest, enabled, suspend, movedFrom, drift } = asked;
  const live = { name, description, manifest, enabled, suspend, movedFrom, drift };
  const spec: Workload = target.workload.runtime === "docker"
    ? { ...target.workload, ...live, pinnedImage: target.imageId ?? target.workload.pinnedImage }
    : { ...target.workload, ...live };
  const as = (state: Refusal["state"], wakeAt: number | null = null): Judged => {
    const now = { ...refused, state };
    const rollouts = { ...without(known, "underWay"), refused: now };
    return { asked, spec, revision: target.revision, refused: now, rollouts, wakeAt };
  };
  const answering = input.answeringSince.get(spec.runtime);
  if (!enabled || suspend || answering === undefined) return as(refused.state);
  const stands = standing({ ...input, spec, fingerprint: target.fingerprint });
  if (stands.type === "healthy") return as("back");
  if (refused.state !== "going-back") return as(refused.state, stands.type === "waiting" ? stands.wakeAt : null);
  const deadlineAt = deadline(refused.at, { spec, answering, now });
  if (failureOf(stands, { spec, isLate: now >= deadlineAt }) !== null) return as("failed");
  return as("going-back", earliest([deadlineAt, stands.type === "waiting" ? stands.wakeAt : null]));
}

interface Failed {
  reason: ReasonCode;
  message: string;
}

function failureOf(stands: Standing, { spec, isLate }: { spec: Workload; isLate: boolean }): Failed | null {
  if (stands.type === "healthy") return null;
  if (stands.type === "hopeless") return { reason: stands.reason, message: stands.message };
  if (!isLate || stands.isHealthy) return null;
  const within = durationText(rolloutDeadlineMs(spec));
  return { reason: "health_timeout", message: `was not healthy within ${within}: ${stands.missing}` };
}

function succeeded(
  known: RolloutMemory,
  { input, underWay, wanted }: { input: JudgeInput; underWay: UnderWay | undefined; wanted: string },
): RolloutMemory {
  const { asked, revision, instances, now } = input;
  const last = known.versions.at(-1);
  const rest = without(known, "underWay");
  const imageId = instances[0]?.imageId;
  const isSame = last?.fingerprint === wanted && isSameSpec(last.workload, asked) && last.imageId === imageId;
  if (isSame && known.underWay === undefined) return known;
  const version = { workload: asked, fingerprint: wanted, revision, healthyAt: now };
  const versions = isSame ? known.versions : withVersion(known.versions, {
    ...version,
    ...(imageId === undefined ? {} : { imageId }),
  });
  if (underWay === undefined) return { ...rest, versions };
  const { reason, message } = underWay;
  const record = recordOf(underWay, { outcome: "healthy", now, reason, message });
  return { ...rest, versions, history: withRecord(known.history, record) };
}

/** For a rollout that nobody wrote down: an instance of it is here, so it has begun. */
function begun(asked: Workload, { revision, now }: { revision: string; now: number }): UnderWay {
  return {
    fingerprint: fingerprintOf(asked),
    revision,
    reason: "spec_changed",
    message: "was found on the device",
    startedAt: now,
  };
}

function recordOf(
  { fingerprint, revision, startedAt }: UnderWay,
  { now, ...rest }: Pick<RolloutRecord, "outcome" | "reason" | "message"> & { now: number },
): RolloutRecord {
  return { fingerprint, revision, startedAt, endedAt: now, ...rest };
}

function withoutSuperseded(known: RolloutMemory, wanted: string, now: number): RolloutMemory {
  const { underWay } = known;
  if (underWay === undefined || underWay.fingerprint === wanted) return known;
  const rest = without(known, "underWay");
  if (underWay.failed !== undefined) return rest;
  const message = "something else was asked for before it was healthy";
  const record = recordOf(underWay, { outcome: "superseded", now, reason: "spec_changed", message });
  return { ...rest, history: withRecord(known.history, record) };
}

/** What nobody could look at does not count, nor does time from before a clock that was set back. */
function deadline(
  since: number,
  { spec, answering, now }: { spec: Workload; answering: number; now: number },
): number {
  return Math.max(Math.min(since, now), answering) + rolloutDeadlineMs(spec);
}

function without(rollouts: RolloutMemory, key: "underWay" | "refused"): RolloutMemory {
  const { [key]: _, ...rest } = rollouts;
  return rest;
}

function earliest(times: (number | null)[]): number | null {
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
