/** Explanation of a job by its last run, since it has no instances between its runs. */
import type { JobRun } from "../model/workload_state.ts";
import { minuteText } from "../model/iso_timestamp.ts";
import type { JobProgress } from "../reconciler/pipeline/spec_progress.ts";
import type { Explanation } from "./explanation.ts";

/** Explains the runs of a job. `operation` is what its operation is doing now; null for none. */
export function explainJob({ step, last, nextAt }: JobProgress, operation: string | null): Explanation {
  const next = nextAt === null ? "" : `; the next one is at ${minuteText(nextAt)}`;
  switch (step) {
    case "operating":
      return { reason: "starting", message: operation ?? "is about to run" };
    case "running":
      return { reason: "running", message: "a run is under way" };
    case "not-run":
      if (nextAt === null) return { reason: "waiting", message: "is about to run" };
      return { reason: "scheduled", message: `runs first at ${minuteText(nextAt)}` };
    case "succeeded":
      return { reason: "completed", message: `the last run succeeded${next}` };
    case "stopped":
      return { reason: "scheduled", message: `the last run was stopped with the machine${next}` };
    case "replaced":
      return { reason: "waiting", message: "the last run was stopped for the one after it, which is about to begin" };
    case "retrying":
      return { reason: "exit_nonzero", message: `the last run ${describeRun(last!)}${next}; it is tried again` };
    case "failed": {
      const reason = last?.outcome === "timeout" ? "timeout" : "exit_nonzero";
      return { reason, message: `the last run ${describeRun(last!)}${next}` };
    }
  }
}

function describeRun({ outcome, exitCode }: JobRun): string {
  if (outcome === "timeout") return "took too long and was stopped";
  return exitCode === null ? "was cut short" : `ended with exit code ${exitCode}`;
}
