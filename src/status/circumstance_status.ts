/** Explanations of workloads that do not run what git asks for: by an override, a gate, a problem or a rollback. */
import type { InvalidManifest } from "../model/desired.ts";
import { shortId } from "../model/git_ref.ts";
import { formatUntil, type Override } from "../model/override.ts";
import type { QuarantinedSpec } from "../model/rollout.ts";
import type { Gated } from "../reconciler/pipeline/blocked.ts";
import type { SpecProgress } from "../reconciler/pipeline/spec_progress.ts";
import type { WorkloadPhase, WorkloadProgress } from "../reconciler/pipeline/workload_progress.ts";
import type { Explanation } from "./explanation.ts";

/** Explains a rollback. `revision` is the one that runs instead; `explanation` is that of the instances. */
export function explainRollback(
  { fingerprint, target, by, message, state }: QuarantinedSpec,
  { own: { phase, health }, revision, explanation }: {
    own: SpecProgress;
    revision: string | null;
    explanation: Explanation;
  },
): Explanation {
  if (target === "") return { reason: "rolled_back", message: `is not run: ${message}`, hint: "push a change" };
  const version = `${shortId(target)} of revision ${shortId(revision ?? "")}`;
  if (by === "owner") {
    const hint = "it follows git again when git asks for something else";
    if (phase !== "running") return { ...explanation, hint };
    return { reason: "rollback", message: `stays at ${version}: a rollback was asked for on the device`, hint };
  }
  const hint = "push a change of it; what is refused is not tried again";
  const failed = shortId(fingerprint);
  if (state === "failed" && health !== "healthy") {
    const both = `${failed} ${message}; ${version} did not become healthy either`;
    return { reason: "rolled_back", message: both, hint };
  }
  if (phase !== "running" && phase !== "completed") {
    return { ...explanation, message: `${explanation.message}; it goes back to ${version}`, hint };
  }
  return { reason: "rolled_back", message: `${failed} failed: ${message}; ${version} runs in its place`, hint };
}

/** Explains an invalid manifest. `instead` says what runs meanwhile. */
export function explainInvalid(invalid: InvalidManifest | null, instead: string): Explanation {
  const count = invalid?.problems.length ?? 0;
  const problems = count === 1 ? "1 problem" : `${count} problems`;
  return {
    reason: "invalid_manifest",
    message: `${invalid?.path ?? "its manifest"} has ${problems}; ${instead}`,
  };
}

/** Explains a closed gate. `revision` is the one that stays meanwhile; null for none. */
export function explainGate(
  { reason, message, hint }: Gated,
  { isRunning, revision }: { isRunning: boolean; revision: string | null },
): Explanation {
  const stays = revision === null || !isRunning ? "" : `; it stays as revision ${shortId(revision)} has it`;
  return { reason, message: `${message}${stays}`, hint };
}

/** Explains a stop or start by the operator. A workload that does not run in spite of `start` keeps its own explanation. */
export function explainOverride(
  override: Override,
  { name, phase, explanation }: { name: string; phase: SpecProgress["phase"]; explanation: Explanation },
): Explanation {
  const until = formatUntil(override);
  const message = override.action === "stop"
    ? `stopped on the device ${until}`
    : `started on the device, whatever git says, ${until}`;
  const hint = `run "harbornode resume ${name}" to let it follow git again`;
  if (override.action === "start" && phase !== "running") return { ...explanation, hint };
  return { reason: "overridden", message, hint };
}

/** Phases of a workload that needs no explanation of its own besides the suspension. */
const SETTLED_PHASES: ReadonlySet<WorkloadPhase> = new Set(["running", "completed", "stopped"]);

/** Explains a suspension. A workload that does not run as it was applied keeps its own explanation. */
export function explainSuspension(
  { workload: { name, override, frozen }, phase }: Pick<WorkloadProgress, "workload" | "phase">,
  explanation: Explanation,
): Explanation {
  const suspension = override === null
    ? "git changes nothing of it: suspend = true"
    : `git changes nothing of it ${formatUntil(override)}`;
  const reason = override === null ? "suspended" : "overridden";
  const hint = override === null ? null : `run "harbornode resume ${name}" to let it follow git again`;
  if (frozen === "untouched") {
    return { reason, message: `${suspension}; nothing of it was applied before`, hint };
  }
  if (SETTLED_PHASES.has(phase)) return { reason, message: suspension, hint };
  return { ...explanation, message: `${explanation.message}; ${suspension}`, hint: explanation.hint ?? hint };
}
