/** Status of a workload: sync, phase and health, with the reason in one sentence. */
import { shortId } from "../model/git_ref.ts";
import type { WorkloadStatus } from "../model/snapshot.ts";
import type { WorkloadProgress } from "../reconciler/pipeline/workload_progress.ts";
import {
  explainGate,
  explainInvalid,
  explainOverride,
  explainRollback,
  explainSuspension,
} from "./circumstance_status.ts";
import type { Explanation } from "./explanation.ts";
import { explainInstances } from "./instance_status.ts";
import { explainJob } from "./job_status.ts";

export type StatusSummary = Pick<WorkloadStatus, "sync" | "phase" | "health" | "reason" | "message" | "hint">;

/** Explains the progress of a workload. `operation` is what its operation is doing now; null when none is under way. */
export function statusSummary(progress: WorkloadProgress, operation: string | null): StatusSummary {
  const { sync, phase, health } = progress;
  return { sync, phase, health, hint: null, ...explain(progress, operation) };
}

function explain(progress: WorkloadProgress, operation: string | null): Explanation {
  const explanation = explainCircumstance(progress, operation);
  return progress.isSuspended ? explainSuspension(progress, explanation) : explanation;
}

function explainCircumstance(progress: WorkloadProgress, operation: string | null): Explanation {
  const { circumstance, own, workload: { name, spec, revision } } = progress;
  switch (circumstance.type) {
    case "never-applied":
      if (circumstance.gated !== null) return circumstance.gated;
      return explainInvalid(circumstance.invalid, "nothing of it was ever applied");
    case "runtime-disabled":
      return { reason: "runtime_disabled", message: `the settings switch the ${circumstance.runtime} runtime off` };
    case "unobserved": {
      const { reason, message } = circumstance.cause ?? { reason: "runtime_unknown", message: "was not looked at yet" };
      return { reason, message };
    }
    case "invalid":
      return explainInvalid(circumstance.invalid, `it stays as revision ${shortId(revision ?? "")} has it`);
    case "gated":
      return explainGate(circumstance.gated, { isRunning: own?.phase !== "pending", revision });
    case "retrying": {
      const { reason, message, hint } = circumstance.retry;
      return { reason, message, hint };
    }
    case "waiting": {
      const { reason, message } = circumstance.blocked;
      return { reason, message };
    }
    case "rollout-failed": {
      const { reason, message } = circumstance.failure;
      return { reason, message, hint: "nothing was healthy before that it could go back to" };
    }
  }
  const explanation = own?.type === "job"
    ? explainJob(own, operation)
    : explainInstances(own!, { spec: spec!, operation });
  switch (circumstance.type) {
    case "overridden":
      return explainOverride(circumstance.override, { name, phase: own!.phase, explanation });
    case "rolled-back":
      return explainRollback(circumstance.quarantined, { own: own!, revision, explanation });
    case "normal":
      return explanation;
  }
}
