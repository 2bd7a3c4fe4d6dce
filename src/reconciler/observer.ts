/** What the runtimes report: instances, and since when each runtime has answered. */
import type { Clock } from "../clock.ts";
import { type Instance, type Observation, observedInstances } from "../model/instance.ts";
import type { RuntimeName } from "../model/workload.ts";
import { withRenames } from "./pipeline/renames.ts";
import type { Runtime } from "../runtime/runtime.ts";

export interface ObserverOptions {
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  clock: Pick<Clock, "now">;
}

export class Observer {
  readonly #runtimes: ReadonlyMap<RuntimeName, Runtime>;
  readonly #clock: Pick<Clock, "now">;
  /** Runtimes that reported a change. Empty when a reconcile has another cause: then all are asked. */
  readonly #changed = new Set<RuntimeName>();
  readonly #answered = new Set<RuntimeName>();
  readonly #answeringSince = new Map<RuntimeName, number>();
  #observations: readonly Observation[] = [];

  constructor({ runtimes, clock }: ObserverOptions) {
    this.#runtimes = runtimes;
    this.#clock = clock;
  }

  /** The last observation of each runtime; empty before the first. */
  get observations(): readonly Observation[] {
    return this.#observations;
  }

  /** The instances of all runtimes that answered. */
  get instances(): Instance[] {
    return observedInstances(this.#observations);
  }

  /** Whether every runtime answered: then an instance that is not observed does not exist. */
  get isComplete(): boolean {
    return this.#observations.every((observation) => observation.ok);
  }

  /** Runtimes that have answered since the daemon started. */
  get answered(): ReadonlySet<RuntimeName> {
    return this.#answered;
  }

  /** Since when each runtime has answered without a break. */
  get answeringSince(): ReadonlyMap<RuntimeName, number> {
    return this.#answeringSince;
  }

  /** Instances of one workload. */
  instancesOf(workload: string): Instance[] {
    return this.instances.filter((instance) => instance.workload === workload);
  }

  /** Notes that a runtime has something new to report. */
  markChanged(runtime: RuntimeName): void {
    this.#changed.add(runtime);
  }

  /**
   * Asks the runtimes that reported a change, or all of them: a crash of a process must not wait for Docker's answer. A
   * runtime that did not answer before is asked every time.
   */
  async observe(): Promise<void> {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    const known = new Map(this.#observations.map((observation) => [observation.runtime, observation]));
    this.#observations = await Promise.all([...this.#runtimes.values()].map(async (runtime) => {
      const before = known.get(runtime.name);
      const isKnown = changed.size > 0 && !changed.has(runtime.name) && before?.ok === true;
      return isKnown ? before : await runtime.observe();
    }));
    for (const { runtime, ok } of this.#observations) {
      if (!ok) this.#answeringSince.delete(runtime);
      else if (!this.#answeringSince.has(runtime)) this.#answeringSince.set(runtime, this.#clock.now());
      if (ok) this.#answered.add(runtime);
    }
  }

  /** Begins all deadlines that count from an answer anew: the clock was set. */
  restartDeadlines(): void {
    for (const runtime of this.#answeringSince.keys()) this.#answeringSince.set(runtime, this.#clock.now());
  }

  /** Reports instances that run under a former name under the new one. */
  rename(names: ReadonlyMap<string, string>): void {
    this.#observations = withRenames(this.#observations, names);
  }
}
