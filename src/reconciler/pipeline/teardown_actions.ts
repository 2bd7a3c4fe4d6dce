/** Actions at the two ends of an instance: what comes before its start, and how it is stopped and forgotten. */
import type { Instance } from "../../model/instance.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action } from "./action.ts";

export interface Cause {
  reason: ReasonCode;
  message: string;
}

/** Brings what a start, and those after it, need. */
export function prepareAction(start: Action): Action {
  if (start.type !== "start") throw new Error("only a start needs to be prepared");
  const { workload, spec, reason, message } = start;
  return { type: "prepare", workload, spec, reason, message };
}

/** Stop it if it runs, then forget it. `spec` says how to stop; without one, as a shell user would expect. */
export function teardown(instance: Instance, spec: Workload | undefined, cause: Cause): Action[] {
  const remove: Action = {
    type: "remove",
    workload: instance.workload,
    runtime: instance.runtime,
    instance,
    ...cause,
  };
  return isAlive(instance) ? [stopAction(instance, spec, cause), remove] : [remove];
}

export function stopAction(
  instance: Instance,
  spec: Workload | undefined,
  cause: Cause,
): Action & { type: "stop" } {
  return {
    type: "stop",
    workload: instance.workload,
    runtime: instance.runtime,
    instance,
    signal: spec?.stopSignal ?? null,
    timeoutMs: spec?.stopTimeoutMs ?? 10_000,
    ...cause,
  };
}

export function isAlive(instance: Instance): boolean {
  return instance.state === "running" || instance.state === "paused" || instance.state === "stopping";
}
