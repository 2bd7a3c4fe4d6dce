/** What is said of a workload that runs as something else than what git asks for, or does not run for it. */
import { formatUntil, type Override } from "../model/override.ts";
import type { QuarantinedSpec } from "../model/rollout.ts";
import type { Health } from "../model/instance.ts";
import type { Phase } from "../model/snapshot.ts";
import type { Gated, ResolvedWorkload } from "../reconciler/pipeline/resolve_workloads.ts";
import type { StatusInput, StatusLine } from "./status_input.ts";
import { shortId } from "../model/git_ref.ts";

/** What runs in the place of what git asks for is never called a success. */
export function statusWhenRolledBack(
  quarantined: QuarantinedSpec,
  { overall, revision }: { overall: StatusLine; revision: string | null },
): StatusLine {
  const { fingerprint, target, by, message, state } = quarantined;
  if (target === "") {
    const said = { reason: "rolled_back" as const, message: `is not run: ${message}`, hint: "push a change" };
    return {
      ...overall,
      sync: "out-of-sync",
      phase: overall.phase === "stopped" ? "rolled-back" : overall.phase,
      ...said,
    };
  }
  const version = `${shortId(target)} of revision ${shortId(revision ?? "")}`;
  if (by === "owner") {
    const hint = "it follows git again when git asks for something else";
    const message = `stays at ${version}: a rollback was asked for on the device`;
    const isGood = overall.phase === "running";
    return { ...overall, sync: "suspended", ...(isGood ? { reason: "rollback", message } : {}), hint };
  }
  const away = { ...overall, sync: "out-of-sync" as const };
  const hint = "push a change of it; what is refused is not tried again";
  if (state === "failed" && overall.health !== "healthy") {
    const both = `${shortId(fingerprint)} ${message}; ${version} did not become healthy either`;
    return { ...away, phase: "failed", reason: "rolled_back", message: both, hint };
  }
  if (overall.phase !== "running" && overall.phase !== "completed") {
    return { ...away, message: `${overall.message}; it goes back to ${version}`, hint };
  }
  const sentence = `${shortId(fingerprint)} failed: ${message}; ${version} runs in its place`;
  return { ...away, phase: "rolled-back", reason: "rolled_back", message: sentence, hint };
}

export function invalidStatus(input: StatusInput, { health, stays }: { health: Health; stays: string }): StatusLine {
  const { invalid } = input.workload;
  const count = invalid?.problems.length ?? 0;
  const problems = count === 1 ? "1 problem" : `${count} problems`;
  return {
    sync: "out-of-sync",
    phase: "invalid",
    health,
    reason: "invalid_manifest",
    message: `${invalid?.path ?? "its manifest"} has ${problems}; ${stays}`,
  };
}
/** What git asks for may not be run here; `revision` is that of what runs in its place, null for nothing. */
export function gatedStatus(
  gated: Gated,
  { overall, revision }: { overall: StatusLine; revision: string | null },
): StatusLine {
  const at = revision === null ? null : shortId(revision);
  const stays = at === null || overall.phase === "pending" ? "" : `; it stays as revision ${at} has it`;
  const isHere = overall.phase !== "pending";
  const { reason, message, hint } = gated;
  const phase = isHere ? overall.phase : "blocked" as const;
  return { ...overall, sync: "out-of-sync", phase, reason, message: `${message}${stays}`, hint };
}

/** Stopped or started on the device, whatever git says. */
export function suspendedStatus(
  override: Override,
  { overall, name }: { overall: StatusLine; name: string },
): StatusLine {
  const until = formatUntil(override);
  const message = override.action === "stop"
    ? `stopped on the device ${until}`
    : `started on the device, whatever git says, ${until}`;
  const hint = `run "harbornode resume ${name}" to let it follow git again`;
  const isSaid = override.action !== "start" || overall.phase === "running";
  return { ...overall, sync: "suspended", ...(isSaid ? { reason: "overridden", message } : {}), hint };
}

/** Phases in which a workload is as it is meant to be. */
const AS_MEANT: ReadonlySet<Phase> = new Set(["running", "completed", "stopped"]);

/** Suspended, by its manifest or on the device: git changes nothing of it, and all else is as for every workload. */
export function frozenCondition({ name, override, frozen }: ResolvedWorkload, shown: StatusLine): StatusLine {
  const why = override === null
    ? "git changes nothing of it: suspend = true"
    : `git changes nothing of it ${formatUntil(override)}`;
  const sync = "suspended" as const;
  const reason = override === null ? "suspended" as const : "overridden" as const;
  const hint = override === null ? null : `run "harbornode resume ${name}" to let it follow git again`;
  if (frozen === "untouched") {
    // Nothing starts it again, whatever its restart policy says.
    const phase = shown.phase === "backoff" ? "failed" : shown.phase;
    return { ...shown, sync, phase, reason, message: `${why}; nothing of it was applied before`, hint };
  }
  if (AS_MEANT.has(shown.phase) || shown.message === "") return { ...shown, sync, reason, message: why, hint };
  return { ...shown, sync, message: `${shown.message}; ${why}`, hint: shown.hint ?? hint };
}
