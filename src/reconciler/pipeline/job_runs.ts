/** One job: when its next run begins, and what becomes of the one that is under way. */
import { durationText } from "../../model/duration.ts";
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { JobRun, JobState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import { FAR_BACK_MS } from "../../model/iso_timestamp.ts";
import type { Job, Workload } from "../../model/workload.ts";
import type { Action } from "./action.ts";
import type { ReconcileInput, Step } from "./reconcile_workload.ts";
import { delayUntil, monotonicStart } from "./elapsed.ts";
import { describeExit } from "./describe_exit.ts";
import { type Cause, prepareAction, stopAction } from "./teardown_actions.ts";
import { isSuccess, restartAfter } from "./restart/restart_decision.ts";
import { lastDue, nextDue } from "./next_run.ts";

const KEPT_RUNS = 20;

export interface JobInput extends ReconcileInput {
  job: Job;
  /** Since when somebody has been there to begin runs: what was due before was missed. */
  since: number;
}

/** At most one run at a time; `jobMemory` is what is to be written down whatever becomes of the actions. */
export function reconcileJob(input: JobInput): Step & { jobMemory: JobState } {
  const { spec, job, now } = input;
  const fingerprint = fingerprintOf(spec);
  const known = input.state?.job ?? { seenUntil: now, runs: [] };
  const found = unknownRuns(known, { input, fingerprint });
  const runs = settleRuns(keep([...known.runs, ...found]), input);
  const seenUntil = notAhead(Math.max(known.seenUntil, ...found.map((run) => run.dueAt)), now);
  const jobMemory: JobState = { seenUntil, runs };
  const instance = input.instances.find((one) => one.slot === 0 && one.runtime === spec.runtime) ?? null;
  const actions: Action[] = [];
  const due: number[] = [];
  const running = instance !== null && isUnderWay(instance) ? instance : null;
  const startFor = (dueAt: number, cause: Cause): Action => ({
    type: "start",
    workload: spec.name,
    spec,
    slot: 0,
    fingerprint,
    previous: instance,
    dueAt,
    ...cause,
  });
  const start = (dueAt: number, cause: Cause) => {
    const first = startFor(dueAt, cause);
    actions.push(prepareAction(first), first);
  };
  /** Its successor is here before it is stopped, and begins once how it ended is written down: with the next plan. */
  const replace = (dueAt: number, cause: Cause) => {
    const stop = { ...stopAction(running!, spec, cause), isReplaced: true };
    actions.push(prepareAction(startFor(dueAt, cause)), stop);
  };

  if (running !== null && job.timeoutMs !== null) {
    const until = monotonicStart(running.startedAt ?? now, input) + job.timeoutMs;
    if (until > now) due.push(until);
    else {
      const message = `runs for longer than ${durationText(job.timeoutMs)}`;
      actions.push(stopAction(running, spec, { reason: "timeout", message }));
    }
  }
  if (job.schedule === null) {
    const last = runs.at(-1);
    if (running !== null) {
      const isOther = running.fingerprint !== fingerprint && actions.length === 0;
      if (isOther && job.overlap === "replace") {
        replace(now, { reason: "spec_changed", message: "has changed in git" });
      }
    } else if (!hasRun(last, fingerprint)) {
      start(now, { reason: "created", message: "has not run as it is now" });
    } else retry(input, { instance, last, start: (cause) => start(last.dueAt, cause), due });
    return { fingerprint, actions, jobMemory, wakeAt: earliest(due), waiting: null };
  }

  const latest = lastDue(job, { after: jobMemory.seenUntil, until: now });
  const next = nextDue(job, now);
  if (next !== null) due.push(next);
  const skip = (dueAt: number) => {
    jobMemory.seenUntil = dueAt;
    jobMemory.runs = keep([...jobMemory.runs, skipped(dueAt, fingerprint)]);
  };
  const last = runs.at(-1);
  if (latest === null) {
    if (running === null && last !== undefined) {
      retry(input, { instance, last, start: (cause) => start(last.dueAt, cause), due });
    }
  } else if (latest < input.since && job.missed === "skip") skip(latest);
  else if (running === null) start(latest, { reason: "scheduled", message: `was due at ${time(latest)}` });
  else if (job.overlap === "skip") skip(latest);
  else if (actions.length === 0) replace(latest, { reason: "scheduled", message: `is due again at ${time(latest)}` });
  return { fingerprint, actions, jobMemory, wakeAt: earliest(due), waiting: null };
}

/** A clock that was years ahead has looked at the schedule of years to come: they are looked at again. */
function notAhead(seenUntil: number, now: number): number {
  return seenUntil > now + FAR_BACK_MS ? now : seenUntil;
}

/**
 * Whether the last run was one of this fingerprint, to its end: one that was replaced, by what is gone again, was none,
 * and neither was one that the machine was switched off under.
 */
export function hasRun(last: JobRun | undefined, fingerprint: string): last is JobRun {
  return last !== undefined && last.fingerprint === fingerprint && last.outcome !== "replaced" &&
    last.outcome !== "stopped";
}

/** The run of this instance is about to be stopped: for another one, or with all others. To be remembered before the stop. */
export function withStop(before: JobState, instanceId: string, why: "isReplaced" | "isStopped"): JobState {
  const runs = before.runs.map((run) =>
    run.outcome === "running" && run.instanceId === instanceId ? { ...run, [why]: true } : run
  );
  return { ...before, runs };
}

/** Begins a run; to be remembered together with the start. */
export function withRun(before: JobState, run: Pick<JobRun, "dueAt" | "fingerprint" | "instanceId" | "startedAt">) {
  const runs = keep([...before.runs, { ...run, endedAt: null, exitCode: null, outcome: "running" }]);
  return { seenUntil: Math.max(before.seenUntil, run.dueAt), runs };
}

/** A run that ended on its own account may be tried again as its restart policy says. */
function retry(
  input: JobInput,
  { instance, last, start, due }: {
    instance: Instance | null;
    last: JobRun;
    start: (cause: Cause) => void;
    due: number[];
  },
): void {
  if (input.forced.has(instance?.id ?? input.spec.name)) {
    return start({ reason: "forced", message: "a run was asked for" });
  }
  if (instance === null || instance.id !== last.instanceId || last.outcome !== "failed") return;
  const restart = restartAfter(input.spec.restart, instance, input.state?.slots[0]);
  if (restart.type !== "again") return;
  const waits = delayUntil(restart.at, { from: restart.from, now: input.now });
  if (waits !== null) due.push(waits);
  else start({ reason: "exited", message: describeExit(instance) });
}

/**
 * An instance that no run is known of: the daemon died before it wrote the start down, or its memory is lost. It was a
 * run all the same, and is not to take place a second time.
 */
function unknownRuns(
  { runs }: JobState,
  { input, fingerprint }: { input: JobInput; fingerprint: string },
): JobRun[] {
  return input.instances
    .filter((instance) =>
      instance.slot === 0 && instance.runtime === input.spec.runtime && instance.fingerprint === fingerprint
    )
    .filter((instance) => instance.startedAt !== null && !runs.some((run) => run.instanceId === instance.id))
    .map(({ id, startedAt }) => ({
      dueAt: startedAt!,
      fingerprint,
      instanceId: id,
      startedAt,
      endedAt: null,
      exitCode: null,
      outcome: "running",
    }));
}

/** Runs whose instance has ended, or is gone, have ended too. */
function settleRuns(runs: readonly JobRun[], { spec, instances, now }: JobInput): JobRun[] {
  return runs.map((run, index) => {
    if (run.outcome !== "running") return run;
    // Its successor took its place. The instance may be the same one: a container is started again.
    const successor = runs.slice(index + 1).find((later) => later.startedAt !== null);
    if (successor !== undefined) {
      return { ...run, endedAt: successor.startedAt, outcome: outcomeOfStop(run) ?? "failed" };
    }
    const instance = instances.find((one) => one.id === run.instanceId);
    if (instance !== undefined && instance.state !== "exited") return run;
    const endedAt = instance?.endedAt ?? now;
    return { ...run, endedAt, exitCode: instance?.exitCode ?? null, outcome: outcomeOf(spec, run, instance ?? null) };
  });
}

function outcomeOf(spec: Workload, run: JobRun, instance: Instance | null): JobRun["outcome"] {
  const stop = outcomeOfStop(run);
  if (stop !== null) return stop;
  if (instance === null) return "failed";
  if (isSuccess(spec.restart, instance)) return "succeeded";
  const timeoutMs = spec.job?.timeoutMs ?? null;
  const ran = (instance.endedAt ?? 0) - (run.startedAt ?? 0);
  return timeoutMs !== null && ran >= timeoutMs ? "timeout" : "failed";
}

function outcomeOfStop({ isReplaced, isStopped }: JobRun): JobRun["outcome"] | null {
  return isReplaced === true ? "replaced" : isStopped === true ? "stopped" : null;
}

function skipped(dueAt: number, fingerprint: string): JobRun {
  return { dueAt, fingerprint, instanceId: null, startedAt: null, endedAt: null, exitCode: null, outcome: "skipped" };
}

/** The last ones. Those that did not take place are the first to go, and the one under way stays whatever comes. */
function keep(runs: JobRun[]): JobRun[] {
  const kept = [...runs];
  while (kept.length > KEPT_RUNS) {
    const skippedAt = kept.findIndex((run) => run.outcome === "skipped");
    kept.splice(skippedAt >= 0 ? skippedAt : kept.findIndex((run) => run.outcome !== "running"), 1);
  }
  return kept;
}

function isUnderWay(instance: Instance): boolean {
  return instance.state === "running" || instance.state === "paused" || instance.state === "stopping";
}

function earliest(due: readonly number[]): number | null {
  return due.length === 0 ? null : Math.min(...due);
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
