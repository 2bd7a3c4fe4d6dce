/** Collects what the planner reads from the owners of the state. */
import type { Clock } from "../clock.ts";
import type { Desired } from "../model/desired.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Prober } from "../probe/prober.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Settings } from "../settings/settings.ts";
import type { SourceIdentity } from "../store/source_record.ts";
import type { ClockMonitor } from "./clock_monitor.ts";
import type { Executor } from "./executor/executor.ts";
import type { Observer } from "./observer.ts";
import type { PlanInput } from "./pipeline/plan_input.ts";
import { removalDoubt } from "./source_change.ts";
import type { StateStore } from "./state_store.ts";

export interface PlanInputOwners {
  settings: Settings;
  state: StateStore;
  observer: Observer;
  executor: Executor;
  prober: Prober;
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  clock: Pick<Clock, "now">;
  clockMonitor: ClockMonitor;
  /** Where desired state comes from now. */
  identity: SourceIdentity;
}

/** Collects the input of a plan for `desired`. Changes nothing. */
export function collectPlanInput(
  { settings, state, observer, executor, prober, runtimes, clock, clockMonitor, identity }: PlanInputOwners,
  desired: Desired | null,
): PlanInput {
  const source = state.source.current;
  const { rollout, policy, limits } = settings;
  return {
    desired,
    observations: observer.observations,
    enabledRuntimes: [...runtimes.keys()],
    answered: observer.answered,
    answeringSince: observer.answeringSince,
    owner: settings.runtime,
    policy,
    windows: source.windowsOpenFor === desired?.revision ? null : rollout.windows,
    states: state.workloads.all,
    retries: executor.retries.all,
    busy: new Set(executor.operations.keys()),
    forcedRestarts: executor.forcedRestarts,
    probedHealth: prober.statuses(),
    memoryBytes: memoryForWorkloads(limits),
    since: clockMonitor.startedAt,
    rolloutScope: rollout.scope,
    quarantinedRevision: source.refused ?? null,
    graceMs: rollout.pruneGraceMs,
    pruneDoubt: removalDoubt(source, identity),
    pruneConfirmed: source.pruneConfirmed,
    clockDoubt: clockMonitor.doubt,
    clockSetAt: clockMonitor.setAt,
    earliestNow: clockMonitor.earliestNow,
    now: clock.now(),
  };
}

/** Memory of the device in bytes, less what is reserved for the system and the daemon; null when it is unknown. */
function memoryForWorkloads({ memoryReserveBytes }: Settings["limits"]): number | null {
  const { total } = Deno.systemMemoryInfo();
  return total > 0 ? total - memoryReserveBytes : null;
}
