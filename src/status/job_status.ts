/** Sync, phase and health of a job: told by its last run, since between runs nothing of it is there. */
import type { JobRun, WorkloadState } from "../model/workload_state.ts";
import type { Instance } from "../model/instance.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Health } from "../model/instance.ts";
import type { Phase, Sync } from "../model/snapshot.ts";
import type { Job, Workload } from "../model/workload.ts";
import { hasRun } from "../reconciler/pipeline/job_runs.ts";
import { restartAfter } from "../reconciler/pipeline/restart/restart_decision.ts";
import { nextDue } from "../reconciler/pipeline/next_run.ts";

interface JobConditionInput {
  instances: readonly Instance[];
  state: WorkloadState | undefined;
  progress: string | null;
  now: number;
}

interface Told {
  sync: Sync;
  phase: Phase;
  health: Health;
  reason: ReasonCode;
  message: string;
}

/** A job with a schedule is as asked whenever its next run is known; one without, once it has run as it is now. */
export function jobStatus(
  input: JobConditionInput,
  { spec, job, wanted }: { spec: Workload; job: Job; wanted: string },
): Told {
  const last = input.state?.job?.runs.filter((run) => run.outcome !== "skipped").at(-1);
  const isDone = hasRun(last, wanted);
  const sync = job.schedule !== null || isDone ? "synced" : "out-of-sync";
  if (input.progress !== null) {
    return { sync, phase: "starting", health: "unknown", reason: "starting", message: input.progress };
  }
  const running = input.instances.find((one) => one.state === "running" || one.state === "stopping");
  if (running !== undefined) {
    const phase = running.state === "running" ? "running" : "stopping";
    return { sync, phase, health: "unknown", reason: "running", message: "a run is under way" };
  }
  const next = nextDue(job, input.now);
  const then = next === null ? "" : `; the next one is at ${time(next)}`;
  if (last === undefined || (job.schedule === null && !isDone)) {
    const message = next === null ? "is about to run" : `runs first at ${time(next)}`;
    return { sync, phase: "pending", health: "unknown", reason: next === null ? "waiting" : "scheduled", message };
  }
  if (last.outcome === "succeeded") {
    const message = `the last run succeeded${then}`;
    return { sync, phase: "completed", health: "healthy", reason: "completed", message };
  }
  if (last.outcome === "stopped") {
    const message = `the last run was stopped with the machine${then}`;
    return { sync, phase: "pending", health: "unknown", reason: "scheduled", message };
  }
  if (last.outcome === "replaced") {
    const message = "the last run was stopped for the one after it, which is about to begin";
    return { sync, phase: "pending", health: "unknown", reason: "waiting", message };
  }
  const instance = input.instances.find((one) => one.id === last.instanceId && one.state === "exited");
  const restart = instance === undefined ? null : restartAfter(spec.restart, instance, input.state?.slots[0]);
  const message = `the last run ${ending(last)}${then}`;
  if (last.outcome === "failed" && restart?.type === "again") {
    return {
      sync,
      phase: "backoff",
      health: "unhealthy",
      reason: "exit_nonzero",
      message: `${message}; it is tried again`,
    };
  }
  const reason = last.outcome === "timeout" ? "timeout" : "exit_nonzero";
  return { sync, phase: "failed", health: "unhealthy", reason, message };
}

function ending({ outcome, exitCode }: JobRun): string {
  if (outcome === "timeout") return "took too long and was stopped";
  return exitCode === null ? "was cut short" : `ended with exit code ${exitCode}`;
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
