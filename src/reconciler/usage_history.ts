/**
 * What instances use, looked at now and then and kept for a while in memory; nothing of it is written to disk. Looking
 * at 50 native instances takes 4 ms of CPU time where they have cgroups, 20 ms where all of /proc is read, and Docker
 * more than that for a container: every 5 s while somebody reads the numbers, every 30 s on a device on its shelf.
 */
import type { Clock } from "../clock.ts";
import type { Instance } from "../model/instance.ts";
import type { InstanceStatus, WorkloadStatus } from "../model/snapshot.ts";
import type { UsageSeries } from "../model/usage.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Runtime, Usage } from "../runtime/runtime.ts";

const WATCHED_EVERY_MS = 5_000;
const IDLE_EVERY_MS = 30_000;
const KEPT_MS = 10 * 60_000;

interface Sample {
  instanceId: string;
  pid: number | null;
  /** Of the clock on the wall, to be shown; and of the one that only goes forward, to be counted with. */
  at: number;
  monotonic: number;
  usage: Usage;
  cpuPercent: number | null;
}

interface Slot {
  workload: string;
  slot: number;
  /** Oldest first, never empty. */
  samples: Sample[];
}

export interface UsageHistoryOptions {
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  clock: Clock;
  /** As last observed. */
  instances(): readonly Instance[];
  /** Whether somebody reads the numbers as they come. */
  isWatched(): boolean;
  /** Called after a look that found other numbers; no more often than every 5 s. */
  changed(): void;
}

export class UsageHistory {
  readonly #options: UsageHistoryOptions;
  readonly #slots = new Map<string, Slot>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt = -Infinity;
  #looking = false;
  /** Ids of the instances that the last look was at, told of or not. */
  #seen: ReadonlySet<string> = new Set();

  constructor(options: UsageHistoryOptions) {
    this.#options = options;
  }

  /** Looks from now on, until `close`. Keeps no process alive. */
  begin(): void {
    this.#timer = setInterval(() => this.lookIfDue(), WATCHED_EVERY_MS);
    Deno.unrefTimer(this.#timer);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** What the timer does every 5 s. */
  async lookIfDue(): Promise<void> {
    if (this.#isDue()) await this.look();
  }

  /** One look at every running instance. Never throws; a look while one is under way does nothing. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.#lookedAt = this.#options.clock.monotonic();
      const shown = this.#shown();
      const instances = this.#options.instances().filter((instance) => instance.state === "running");
      this.#seen = new Set(instances.map((instance) => instance.id));
      await Promise.all([...this.#options.runtimes.values()].map(async (runtime) => {
        await this.#lookAt(runtime, instances.filter((instance) => instance.runtime === runtime.name));
      }));
      this.#forgetOld();
      if (this.#shown() !== shown) this.#options.changed();
    } finally {
      this.#looking = false;
    }
  }

  /** The workload with the last numbers of those of its instances that still run. */
  withLatest(workload: WorkloadStatus): WorkloadStatus {
    return { ...workload, instances: workload.instances.map((instance) => this.#withLatest(workload.name, instance)) };
  }

  /** Of a workload that nothing is known of: without instances. */
  series(workload: string): UsageSeries {
    const slots = [...this.#slots.values()].filter((slot) => slot.workload === workload).sort((a, b) =>
      a.slot - b.slot
    );
    return {
      interval_s: WATCHED_EVERY_MS / 1000,
      instances: slots.map(({ slot, samples }) => ({
        slot,
        at: samples.map(({ at }) => new Date(at).toISOString()),
        cpu_percent: samples.map(({ cpuPercent }) => cpuPercent),
        memory_bytes: samples.map(({ usage }) => usage.memoryBytes),
      })),
    };
  }

  #isDue(): boolean {
    const { clock, instances, isWatched } = this.#options;
    if (isWatched() || clock.monotonic() - this.#lookedAt >= IDLE_EVERY_MS) return true;
    return instances().some((instance) => instance.state === "running" && this.#isNew(instance));
  }

  /** Two looks make the first percentage; a process that was started again inside of its instance is a new one. */
  #isNew(instance: Instance): boolean {
    if (!this.#seen.has(instance.id)) return true;
    const last = this.#latest(instance);
    return last !== null && (last.cpuPercent === null || last.pid !== instance.pid);
  }

  /** One after the other, so that a look is no burst. A runtime that does not answer is asked again at the next one. */
  async #lookAt(runtime: Runtime, instances: readonly Instance[]): Promise<void> {
    for (const instance of instances) {
      try {
        const usage = await runtime.usage(instance);
        if (usage !== null) this.#add(instance, usage);
      } catch {
        return;
      }
    }
  }

  #add(instance: Instance, usage: Usage): void {
    const { workload, slot, id, pid } = instance;
    const { clock } = this.#options;
    const [at, monotonic] = [clock.now(), clock.monotonic()];
    const before = this.#latest(instance);
    const cpuPercent = before === null
      ? null
      : percentOfCore(usage.cpuMs - before.usage.cpuMs, monotonic - before.monotonic);
    const key = `${workload}/${slot}`;
    const known = this.#slots.get(key) ?? { workload, slot, samples: [] };
    known.samples.push({ instanceId: id, pid, at, monotonic, usage, cpuPercent });
    this.#slots.set(key, known);
  }

  #latest({ id, workload, slot }: Instance): Sample | null {
    const last = this.#slots.get(`${workload}/${slot}`)?.samples.at(-1);
    return last?.instanceId === id ? last : null;
  }

  #withLatest(workload: string, status: InstanceStatus): InstanceStatus {
    const last = this.#slots.get(`${workload}/${status.slot}`)?.samples.at(-1);
    if (last === undefined || status.pid === null || last.pid !== status.pid) return status;
    return { ...status, cpu_percent: last.cpuPercent, memory_bytes: last.usage.memoryBytes };
  }

  #forgetOld(): void {
    const oldest = this.#options.clock.monotonic() - KEPT_MS;
    for (const [key, slot] of this.#slots) {
      slot.samples = slot.samples.filter((sample) => sample.monotonic >= oldest);
      if (slot.samples.length === 0) this.#slots.delete(key);
    }
  }

  #shown(): string {
    const last = [...this.#slots.values()].map(({ samples }) => samples.at(-1));
    return last.map((sample) => `${sample?.instanceId} ${sample?.cpuPercent} ${sample?.usage.memoryBytes}`).join();
  }
}

/** Of one core. One decimal: what is below is noise of the ticks that time is counted in. */
export function percentOfCore(usedMs: number, tookMs: number): number {
  return tookMs <= 0 ? 0 : Math.max(0, Math.round(usedMs / tookMs * 1000) / 10);
}
