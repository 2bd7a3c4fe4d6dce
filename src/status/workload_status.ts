/** Sync, phase and health of a workload and its instances, each with one sentence why. */
import { fingerprint as fingerprintOf } from "../model/fingerprint.ts";
import type { Workload } from "../model/workload.ts";
import type { StatusInput, StatusLine, WorkloadCondition } from "./status_input.ts";
import {
  frozenCondition,
  gatedStatus,
  invalidStatus,
  statusWhenRolledBack,
  suspendedStatus,
} from "./override_status.ts";
import { jobStatus } from "./job_status.ts";
import { instancesSummary } from "./instance_status.ts";
import { shortId } from "../model/git_ref.ts";

export function workloadCondition(input: StatusInput): WorkloadCondition {
  return { hint: null, ...told(input) };
}

function told(input: StatusInput): StatusLine {
  const { workload } = input;
  const { spec, invalid, gated, override } = workload;
  if (spec === null && gated !== null) return gatedStatus(gated, { overall: NOTHING, revision: null });
  if (spec === null) return invalidStatus(input, { health: "unknown", stays: "nothing of it was ever applied" });

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
    ? jobStatus(input, { spec, job: spec.job, wanted })
    : instancesSummary(input, spec, wanted);
  if (invalid !== null) {
    const at = shortId(workload.revision ?? "");
    return invalidStatus(input, { health: overall.health, stays: `it stays as revision ${at} has it` });
  }
  if (override?.action === "suspend" || (override === null && workload.frozen !== undefined)) {
    return frozenCondition(workload, ofSpec(input, { spec, overall, wanted }));
  }
  if (override !== null && input.progress === null) return suspendedStatus(override, { overall, name: workload.name });
  return ofSpec(input, { spec, overall, wanted });
}

/** As `spec` stands, whoever asked for it. */
function ofSpec(
  input: StatusInput,
  { spec, overall, wanted }: { spec: Workload; overall: StatusLine; wanted: string },
): StatusLine {
  const { workload, retry } = input;
  const { gated } = workload;
  if (gated !== null && input.progress === null) {
    return gatedStatus(gated, { overall, revision: workload.revision });
  }
  const quarantined = workload.rollout?.quarantined ?? null;
  if (quarantined !== null) return statusWhenRolledBack(quarantined, { overall, revision: workload.revision });
  if (retry !== undefined && retry.fingerprint === wanted && input.progress === null && lacks(overall, spec)) {
    // One that could not be told of its new files still does its work.
    const phase = retry.reason === "reload_failed" ? "degraded" : "blocked";
    return { ...overall, phase, reason: retry.reason, message: retry.message, hint: retry.hint };
  }
  if (input.waiting !== null && input.progress === null) {
    // Waiting for another workload is how things begin; all else needs somebody to change something.
    const phase = input.waiting.reason === "dependency_not_ready" ? "pending" : "blocked";
    const { reason, message } = input.waiting;
    return { ...overall, phase: overall.phase === "pending" ? phase : overall.phase, reason, message };
  }
  const lost = workload.rollout?.rollouts.underWay?.failed;
  const isSettled = overall.phase === "failed" || overall.health === "healthy";
  if (lost !== undefined && !isSettled && spec.enabled && input.progress === null) {
    return { ...overall, phase: "failed", ...lost, hint: "nothing was healthy before that it could go back to" };
  }
  return overall;
}

/** Of a workload that nothing is here of. */
const NOTHING: StatusLine = {
  sync: "out-of-sync",
  phase: "pending",
  health: "unknown",
  reason: "waiting",
  message: "",
};

/** Whether something of it is to be started, or changed, so that an attempt which failed tells why it is not. */
function lacks({ sync, phase }: StatusLine, { job }: Workload): boolean {
  if (sync !== "synced" || phase === "pending" || phase === "backoff") return true;
  // Between its runs a job is as asked: only the attempt knows of the run that could not begin.
  return job !== null && phase !== "running" && phase !== "stopping";
}
