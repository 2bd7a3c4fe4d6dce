/** Jobs: when the next run begins, and the outcome of the runs before it. */
import { durationText } from "../../model/duration.ts";
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { JobRun, JobState } from "../../model/workload_state.ts";
import { type Instance, isAlive } from "../../model/instance.ts";
import { FAR_BACK_MS, minuteText } from "../../model/iso_timestamp.ts";
import type { Job, Workload } from "../../model/workload.ts";
import type { Action, Cause } from "./action.ts";
import type { InstanceAssessment } from "./assess_instance.ts";
import { earliest } from "./earliest.ts";
import { monotonicStart } from "./elapsed.ts";
import { lastDue, nextDue } from "./next_run.ts";
import { isSuccess } from "./restart/restart_decision.ts";
import type { ReconcileInput, Step } from "./step.ts";
import { prepareAction, stopAction } from "./instance_actions.ts";

/** Runs of a job that are remembered. */
const MAX_RUNS = 20;

/** Result of one part of a job's reconcile. */
interface JobStep {
  actions: Action[];
  wakeAt: number | null;
}

const NOTHING: JobStep = { actions: [], wakeAt: null };

interface JobContext {
  input: ReconcileInput;
  job: Job;
  fingerprint: string;
  /** Instance of the job in slot 0; null for none. */
  assessed: InstanceAssessment | null;
  /** The same instance while a run is under way; null otherwise. */
  running: Instance | null;
}

/** Plans at most one run at a time. `planned.job` has to be persisted whatever becomes of the actions. */
export function reconcileJob(input: ReconcileInput, job: Job): Step {
  const { spec, now } = input;
  const fingerprint = fingerprintOf(spec);
  const known = input.state?.job ?? { seenUntil: now, runs: [] };
  const found = unrecordedRuns(known, input);
  const runs = settleRuns(limitRuns([...known.runs, ...found]), input);
  const seenUntil = limitSeen(Math.max(known.seenUntil, ...found.map((run) => run.dueAt)), now);
  const state: JobState = { seenUntil, runs };
  const assessed = input.instances.find(({ instance }) => instance.slot === 0 && instance.runtime === spec.runtime) ??
    null;
  const running = assessed !== null && isAlive(assessed.instance) ? assessed.instance : null;
  const context: JobContext = { input, job, fingerprint, assessed, running };
  const timeout = stopOnTimeout(context);
  // A run that is stopped for its timeout ends first: its successor follows with the next plan.
  const canReplace = timeout.actions.length === 0;
  const next = job.schedule === null
    ? { step: runOnce(context, state, canReplace), state }
    : runOnSchedule(context, state, canReplace);
  return {
    fingerprint,
    actions: [...timeout.actions, ...next.step.actions],
    planned: { job: next.state },
    wakeAt: earliest(timeout.wakeAt, next.step.wakeAt),
    waiting: null,
  };
}

/** A clock that was years ahead has passed the runs of years to come: these become due again. */
function limitSeen(seenUntil: number, now: number): number {
  return seenUntil > now + FAR_BACK_MS ? now : seenUntil;
}

function stopOnTimeout({ input, job: { timeoutMs }, running }: JobContext): JobStep {
  if (running === null || timeoutMs === null) return NOTHING;
  const { spec, now } = input;
  const endsAt = monotonicStart(running.startedAt ?? now, input) + timeoutMs;
  if (endsAt > now) return { actions: [], wakeAt: endsAt };
  const message = `runs for longer than ${durationText(timeoutMs)}`;
  return { actions: [stopAction(running, spec, { reason: "timeout", message })], wakeAt: null };
}

/** Job without a schedule: one run for each fingerprint. */
function runOnce(context: JobContext, { runs }: JobState, canReplace: boolean): JobStep {
  const { input: { now }, job, fingerprint, running } = context;
  const last = runs.at(-1);
  if (running !== null) {
    const isReplaced = running.fingerprint !== fingerprint && canReplace && job.overlap === "replace";
    return isReplaced ? replaceRun(context, now, { reason: "spec_changed", message: "has changed in git" }) : NOTHING;
  }
  if (hasRun(last, fingerprint)) return retryRun(context, last);
  return startRun(context, now, { reason: "created", message: "has not run as it is now" });
}

/** Job with a schedule: the latest run that is due. Earlier ones are not made up for. */
function runOnSchedule(
  context: JobContext,
  state: JobState,
  canReplace: boolean,
): { step: JobStep; state: JobState } {
  const { input: { since, now }, job, fingerprint, running } = context;
  const next = nextDue(job, now);
  const as = ({ actions, wakeAt }: JobStep, changed = state) => {
    return { step: { actions, wakeAt: earliest(wakeAt, next) }, state: changed };
  };
  const latest = lastDue(job, { after: state.seenUntil, until: now });
  const last = state.runs.at(-1);
  if (latest === null) return as(running !== null || last === undefined ? NOTHING : retryRun(context, last));
  const skip = () =>
    as(NOTHING, { seenUntil: latest, runs: limitRuns([...state.runs, skippedRun(latest, fingerprint)]) });
  if (latest < since && job.missed === "skip") return skip();
  if (running === null) {
    return as(startRun(context, latest, { reason: "scheduled", message: `was due at ${minuteText(latest)}` }));
  }
  if (job.overlap === "skip") return skip();
  if (!canReplace) return as(NOTHING);
  return as(replaceRun(context, latest, { reason: "scheduled", message: `is due again at ${minuteText(latest)}` }));
}

function startRun(context: JobContext, dueAt: number, cause: Cause): JobStep {
  const start = startAction(context, dueAt, cause);
  return { actions: [prepareAction(start), start], wakeAt: null };
}

/**
 * Stops the present run for the next one. What the next run needs is fetched before the stop; its start follows with the
 * next plan, when the end of the present run is recorded.
 */
function replaceRun(context: JobContext, dueAt: number, cause: Cause): JobStep {
  const stop = { ...stopAction(context.running!, context.input.spec, cause), isReplaced: true };
  return { actions: [prepareAction(startAction(context, dueAt, cause)), stop], wakeAt: null };
}

/** Starts a failed run again as the restart policy says, or because the operator asked for it. */
function retryRun(context: JobContext, last: JobRun): JobStep {
  const { input: { forced, spec }, assessed } = context;
  if (forced.has(assessed?.instance.id ?? spec.name)) {
    return startRun(context, last.dueAt, { reason: "forced", message: "a run was asked for" });
  }
  if (assessed === null || assessed.instance.id !== last.instanceId || last.outcome !== "failed") return NOTHING;
  const { restart, restartDelayedUntil, exit } = assessed;
  if (restart.type !== "again") return NOTHING;
  if (restartDelayedUntil !== null) return { actions: [], wakeAt: restartDelayedUntil };
  return startRun(context, last.dueAt, { reason: "exited", message: exit });
}

function startAction(
  { input: { spec }, fingerprint, assessed }: JobContext,
  dueAt: number,
  cause: Cause,
): Action & { type: "start" } {
  const previous = assessed?.instance ?? null;
  return { type: "start", workload: spec.name, spec, slot: 0, fingerprint, previous, dueAt, ...cause };
}

/**
 * True when the last run was a whole run of this fingerprint. A run that was stopped for its successor, or by a shutdown,
 * does not count.
 */
export function hasRun(last: JobRun | undefined, fingerprint: string): last is JobRun {
  return last !== undefined && last.fingerprint === fingerprint && last.outcome !== "replaced" &&
    last.outcome !== "stopped";
}

/** Marks the run of an instance that is about to be stopped. Has to be persisted before the stop. */
export function withStop(before: JobState, instanceId: string, mark: "isReplaced" | "isStopped"): JobState {
  const runs = before.runs.map((run) =>
    run.outcome === "running" && run.instanceId === instanceId ? { ...run, [mark]: true } : run
  );
  return { ...before, runs };
}

/** Adds a run that begins. Has to be persisted together with its start. */
export function withRun(before: JobState, run: Pick<JobRun, "dueAt" | "fingerprint" | "instanceId" | "startedAt">) {
  const runs = limitRuns([...before.runs, { ...run, endedAt: null, exitCode: null, outcome: "running" }]);
  return { seenUntil: Math.max(before.seenUntil, run.dueAt), runs };
}

/**
 * Finds instances without a recorded run: the daemon died before it recorded the start, or the state was lost. Each was a
 * run nevertheless, and must not take place a second time.
 */
function unrecordedRuns({ runs }: JobState, { spec, instances }: ReconcileInput): JobRun[] {
  const fingerprint = fingerprintOf(spec);
  return instances
    .filter(({ instance, isCurrent }) => isCurrent && instance.slot === 0 && instance.startedAt !== null)
    .filter(({ instance }) => !runs.some((run) => run.instanceId === instance.id))
    .map(({ instance: { id, startedAt } }) => ({
      dueAt: startedAt!,
      fingerprint,
      instanceId: id,
      startedAt,
      endedAt: null,
      exitCode: null,
      outcome: "running",
    }));
}

/** Records the outcome of runs whose instance ended, was replaced, or is gone. */
function settleRuns(runs: readonly JobRun[], { spec, instances, now }: ReconcileInput): JobRun[] {
  return runs.map((run, index) => {
    if (run.outcome !== "running") return run;
    // A later run has taken the slot. It may even have the same instance: Docker starts a container again.
    const successor = runs.slice(index + 1).find((later) => later.startedAt !== null);
    if (successor !== undefined) {
      return { ...run, endedAt: successor.startedAt, outcome: outcomeOfStop(run) ?? "failed" };
    }
    const instance = instances.find((assessed) => assessed.instance.id === run.instanceId)?.instance;
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
  const ranMs = (instance.endedAt ?? 0) - (run.startedAt ?? 0);
  return timeoutMs !== null && ranMs >= timeoutMs ? "timeout" : "failed";
}

function outcomeOfStop({ isReplaced, isStopped }: JobRun): JobRun["outcome"] | null {
  return isReplaced === true ? "replaced" : isStopped === true ? "stopped" : null;
}

function skippedRun(dueAt: number, fingerprint: string): JobRun {
  return { dueAt, fingerprint, instanceId: null, startedAt: null, endedAt: null, exitCode: null, outcome: "skipped" };
}

/** Keeps the last `MAX_RUNS` runs. Skipped runs are dropped first, and a run under way never. */
function limitRuns(runs: JobRun[]): JobRun[] {
  const kept = [...runs];
  while (kept.length > MAX_RUNS) {
    const skipped = kept.findIndex((run) => run.outcome === "skipped");
    kept.splice(skipped >= 0 ? skipped : kept.findIndex((run) => run.outcome !== "running"), 1);
  }
  return kept;
}
