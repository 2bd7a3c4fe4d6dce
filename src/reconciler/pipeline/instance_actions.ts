/** Actions at both ends of an instance: preparing its start, stopping and removing it. */
import { type Instance, isAlive } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action, Cause } from "./action.ts";

/** Builds the action that fetches what a start, and those after it, need. */
export function prepareAction({ workload, spec, reason, message }: Action & { type: "start" }): Action {
  return { type: "prepare", workload, spec, reason, message };
}

/** Builds the actions that stop an instance, if it runs, and remove it. Without a spec, default stop settings apply. */
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

/** Builds the stop of an instance. Without a spec it gets SIGTERM and ten seconds, as from `docker stop`. */
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
