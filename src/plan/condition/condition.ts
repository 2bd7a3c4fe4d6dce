/** Sync, phase and health of a workload and its instances, each with one sentence why. */
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { Workload } from "../../model/workload.ts";
import type { Condition, ConditionInput, Told } from "./condition_input.ts";
import { barredCondition, frozenCondition, heldCondition, insteadOf, invalidCondition } from "./instead.ts";
import { jobCondition } from "./job.ts";
import { summary } from "./summary.ts";

export function condition(input: ConditionInput): Condition {
  return { hint: null, ...told(input) };
}

function told(input: ConditionInput): Told {
  const { workload } = input;
  const { spec, invalid, barred, held } = workload;
  if (spec === null && barred !== null) return barredCondition(barred, { overall: NOTHING, revision: null });
  if (spec === null) return invalidCondition(input, { health: "unknown", stays: "nothing of it was ever applied" });

  const wanted = fingerprintOf(spec);
  const observed = input.observations.find((observation) => observation.runtime === spec.runtime);
  if (!input.enabledRuntimes.includes(spec.runtime)) {
    const message = `the settings switch the ${spec.runtime} runtime off`;
    return { sync: "unknown", phase: "blocked", health: "unknown", reason: "runtime_disabled", message };
  }
  if (observed === undefined || !observed.ok) {
    const { reason, message } = observed ?? { reason: "runtime_unknown" as const, message: "was not looked at yet" };
    return { sync: "unknown", phase: "blocked", health: "unknown", reason, message };
  }

  const overall = spec.job !== null && spec.enabled
    ? jobCondition(input, { spec, job: spec.job, wanted })
    : summary(input, spec, wanted);
  if (invalid !== null) {
    const at = (workload.revision ?? "").slice(0, 7);
    return invalidCondition(input, { health: overall.health, stays: `it stays as revision ${at} has it` });
  }
  if (held?.action === "hold" || (held === null && workload.frozen !== undefined)) {
    return frozenCondition(workload, ofSpec(input, { spec, overall, wanted }));
  }
  if (held !== null && input.progress === null) return heldCondition(held, { overall, name: workload.name });
  return ofSpec(input, { spec, overall, wanted });
}

/** As `spec` stands, whoever asked for it. */
function ofSpec(
  input: ConditionInput,
  { spec, overall, wanted }: { spec: Workload; overall: Told; wanted: string },
): Told {
  const { workload, attempt } = input;
  const { barred } = workload;
  if (barred !== null && input.progress === null) {
    return barredCondition(barred, { overall, revision: workload.revision });
  }
  const refused = workload.judged?.refused ?? null;
  if (refused !== null) return insteadOf(refused, { overall, revision: workload.revision });
  if (attempt !== undefined && attempt.fingerprint === wanted && input.progress === null && lacks(overall, spec)) {
    // One that could not be told of its new files still does its work.
    const phase = attempt.reason === "reload_failed" ? "degraded" : "blocked";
    return { ...overall, phase, reason: attempt.reason, message: attempt.message, hint: attempt.hint };
  }
  if (input.waiting !== null && input.progress === null) {
    // Waiting for another workload is how things begin; all else needs somebody to change something.
    const phase = input.waiting.reason === "dependency_not_ready" ? "pending" : "blocked";
    const { reason, message } = input.waiting;
    return { ...overall, phase: overall.phase === "pending" ? phase : overall.phase, reason, message };
  }
  const lost = workload.judged?.rollouts.underWay?.failed;
  const isSettled = overall.phase === "failed" || overall.health === "healthy";
  if (lost !== undefined && !isSettled && spec.enabled && input.progress === null) {
    return { ...overall, phase: "failed", ...lost, hint: "nothing was healthy before that it could go back to" };
  }
  return overall;
}

/** Of a workload that nothing is here of. */
const NOTHING: Told = { sync: "out-of-sync", phase: "pending", health: "unknown", reason: "waiting", message: "" };

/** Whether something of it is to be started, or changed, so that an attempt which failed tells why it is not. */
function lacks({ sync, phase }: Told, { job }: Workload): boolean {
  if (sync !== "synced" || phase === "pending" || phase === "backoff") return true;
  // Between its runs a job is as asked: only the attempt knows of the run that could not begin.
  return job !== null && phase !== "running" && phase !== "stopping";
}
