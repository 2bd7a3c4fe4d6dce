/** Explanation of the instances of a workload: the one in the worst phase speaks for all. */
import { durationText } from "../model/duration.ts";
import type { Workload } from "../model/workload.ts";
import type { InstanceAssessment } from "../reconciler/pipeline/assess_instance.ts";
import type { InstancesProgress } from "../reconciler/pipeline/spec_progress.ts";
import type { Explanation } from "./explanation.ts";

/** Explains the instances of `spec`. `operation` is what the operation of the workload is doing now; null for none. */
export function explainInstances(
  progress: InstancesProgress,
  { spec, operation }: { spec: Workload; operation: string | null },
): Explanation {
  const { drift } = progress;
  if (!spec.enabled || spec.replicas === 0) return { reason: "disabled", message: "switched off: enabled = false" };
  if (operation !== null) return { reason: "starting", message: operation };
  if (drift !== null && spec.drift === "report") {
    return { reason: "drift", message: `${drift}; drift = "report" leaves it so` };
  }
  return explainPhase(progress, spec);
}

function explainPhase({ phase, worst, matchesSpec }: InstancesProgress, spec: Workload): Explanation {
  const subject = worst !== null && spec.replicas > 1 ? `instance ${worst.instance.slot} ` : "";
  switch (phase) {
    case "failed":
      return explainFailure(worst!, { spec, subject });
    case "completed":
      return { reason: "completed", message: `${subject}${worst!.exit}` };
    case "backoff":
      return { reason: "crash_loop", message: `${subject}${worst!.exit}; it will be started again` };
    case "degraded":
      if (worst!.instance.state === "paused") return { reason: "drift", message: `${subject}is paused` };
      return { reason: "unhealthy", message: `${subject}does not pass its health check` };
    case "starting":
      return { reason: "starting", message: `${subject}runs, and is not known to be healthy yet` };
    case "running":
      if (!matchesSpec) return { reason: "waiting", message: "runs, and is about to change" };
      return { reason: "running", message: spec.replicas > 1 ? `${spec.replicas} instances run` : "runs" };
    default:
      return { reason: "waiting", message: "is about to be started" };
  }
}

function explainFailure(
  { slotState, restart, exit }: InstanceAssessment,
  { spec, subject }: { spec: Workload; subject: string },
): Explanation {
  if (slotState?.halted !== undefined) {
    return { reason: slotState.halted, message: `${subject}was stopped: it did not pass its health check` };
  }
  if (restart.type !== "failed" || restart.because === "policy") {
    return { reason: "exit_nonzero", message: `${subject}${exit}; restart = "${spec.restart.when}"` };
  }
  const { maxRestarts, windowMs } = spec.restart;
  const limit = `${maxRestarts} restarts in ${durationText(windowMs)} are the limit`;
  return { reason: "restart_limit", message: `${subject}${exit}; ${limit}` };
}
