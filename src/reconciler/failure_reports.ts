/** Reports of failing workloads: their last output, and an event when an instance becomes unhealthy. */
import { redactSecrets } from "../log.ts";
import type { Instance } from "../model/instance.ts";
import type { WorkloadStatus } from "../model/snapshot.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Prober } from "../probe/prober.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { WorkloadStateStore } from "../store/workload_state_store.ts";
import type { EventLog } from "./event_log.ts";
import type { Observer } from "./observer.ts";
import type { ResolvedWorkload } from "./pipeline/resolved_workload.ts";

const MAX_LINES = 50;

export interface FailureReportsOptions {
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  observer: Observer;
  prober: Prober;
  states: WorkloadStateStore;
  events: EventLog;
}

export class FailureReports {
  readonly #options: FailureReportsOptions;
  /** Last output of workloads that failed for good, and the instance that wrote it. */
  readonly #lines = new Map<string, { instanceId: string; lines: string[] }>();
  /** Ids of unhealthy instances that were reported. */
  readonly #reported = new Set<string>();

  constructor(options: FailureReportsOptions) {
    this.#options = options;
  }

  /** The last output of a workload that failed; empty for any other. */
  linesOf(workload: string): string[] {
    return this.#lines.get(workload)?.lines ?? [];
  }

  /**
   * Reads the last output of every workload that failed for good, once for each instance, and adds an event. While an
   * operation is under way (`busy`), the status tells of the operation and not of the failure, so it waits. Returns
   * whether something is new.
   */
  async collect(workloads: readonly WorkloadStatus[], busy: { has(workload: string): boolean }): Promise<boolean> {
    const { runtimes, observer, states, events } = this.#options;
    const failed = new Map(workloads.flatMap((status) => status.phase === "failed" ? [[status.name, status]] : []));
    for (const name of this.#lines.keys()) if (!failed.has(name)) this.#lines.delete(name);
    let isNew = false;
    for (const [name, { reason, message }] of failed) {
      if (busy.has(name)) continue;
      const instance = observer.instancesOf(name).find(({ state }) => state === "exited");
      const runtime = instance === undefined ? undefined : runtimes.get(instance.runtime);
      if (instance === undefined || runtime === undefined) continue;
      if (this.#lines.get(name)?.instanceId === instance.id) continue;
      const since = firstStart(instance, states.get(name).slots[instance.slot]?.recent ?? []);
      const options = { tail: MAX_LINES, since, follow: false };
      const lines = await Array.fromAsync(runtime.logs(name, options)).catch(() => []);
      const own = lines.filter((line) => line.slot === instance.slot).map((line) => redactSecrets(line.text));
      this.#lines.set(name, { instanceId: instance.id, lines: own.slice(-MAX_LINES) });
      events.add({ workload: name, reason, message: `${name} has failed: ${message}` });
      isNew = true;
    }
    return isNew;
  }

  /** Adds one event each time that an instance becomes unhealthy. */
  reportUnhealthy(workloads: readonly ResolvedWorkload[]): void {
    const { observer, prober, events } = this.#options;
    const probed = prober.statuses();
    for (const instance of observer.instances) {
      const { id, runtimeHealth, checks = [] } = instance;
      // The manifest's probe overrides the image's check, as it does in the plan.
      const health = probed.get(id)?.health ?? runtimeHealth;
      if (health !== "unhealthy") {
        this.#reported.delete(id);
        continue;
      }
      const spec = workloads.find(({ name }) => name === instance.workload)?.spec;
      if (spec?.health?.onFailure === "none" || this.#reported.has(id)) continue;
      this.#reported.add(id);
      const last = (prober.results(id).at(-1) ?? checks.at(-1))?.output ?? "no answer";
      const message = `${instance.workload}[${instance.slot}] does not pass its health check: ${last}`;
      events.add({ workload: instance.workload, reason: "unhealthy", message });
    }
  }
}

/** The first of the starts that led to the failure: earlier output of the slot says nothing about it. */
function firstStart({ startedAt }: Instance, recent: readonly number[]): number | null {
  return startedAt === null ? null : Math.min(startedAt, ...recent);
}
