/** The owner's word for a fresh start of what runs. */
import { Failure } from "../failure.ts";
import { formatUntil } from "../model/override.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Blocked } from "../reconciler/pipeline/blocked.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolved_workload.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { findWorkload } from "./find_workload.ts";

type RestartDeps = Pick<OperationDeps, "reconciler" | "observer" | "executor" | "events">;

/** Throws a `Failure` (`mistake`) for what would not be started: else it would be, on the day on which it may. */
export function restart({ reconciler, observer, executor, events }: RestartDeps, name: string): void {
  const { plan } = reconciler;
  const { spec, override, gated, frozen } = findWorkload(plan, name);
  if (override?.action === "stop") {
    throw new Failure(`"${name}" is stopped on this device ${formatUntil(override)}`, {
      kind: "mistake",
      reason: "overridden",
      hint: `run "harbornode resume ${name}" to let it follow git again`,
    });
  }
  const waiting = plan.waiting.get(name);
  const isDenied = waiting?.reason === "policy_denied" || (spec === null && gated !== null);
  if (isDenied) throw denied(name, gated ?? waiting!);
  if (spec === null || frozen === "untouched" || !spec.enabled) {
    throw notRun(name, { spec, override, isUntouched: frozen === "untouched" });
  }
  const instances = observer.instancesOf(name);
  executor.forceRestart(instances.length === 0 ? [name] : instances.map(({ id }) => id));
  executor.retries.clear(name);
  events.add({ workload: name, reason: "forced", message: `a restart of ${name} was asked for` });
  reconciler.request();
}

function denied(name: string, { reason, message, hint = null }: Blocked & { hint?: string | null }): Failure {
  return new Failure(`"${name}" may not be started: ${message}`, {
    kind: "mistake",
    reason,
    ...(hint === null ? {} : { hint }),
  });
}

function notRun(
  name: string,
  { spec, override, isUntouched }: Pick<ResolvedWorkload, "spec" | "override"> & { isUntouched: boolean },
): Failure {
  const [reason, why]: [ReasonCode, string] = spec === null
    ? ["invalid_manifest", "was never applied: its manifest has problems"]
    : isUntouched && override !== null
    ? ["overridden", "is suspended on this device, and nothing of it was ever applied"]
    : isUntouched
    ? ["suspended", "is left alone: suspend = true"]
    : ["disabled", "is switched off: enabled = false"];
  return new Failure(`"${name}" ${why}`, { kind: "mistake", reason, hint: "change that in its manifest" });
}
