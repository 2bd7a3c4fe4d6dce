/** One instance as the runtime holds it: what is written down of it, who it is, and a promise of its end. */
import type { Instance } from "../../model/observed.ts";
import type { SignalName } from "../../model/workload.ts";
import { wasOverMemory } from "./confine/resources.ts";
import { type Effect, type Life, type LifeEvent, next, shown } from "./lifecycle.ts";
import { isAlive, type ProcessIdentity, signal } from "./process/identity.ts";
import { killTree, removeCgroup } from "./process/tree.ts";
import { type FoundRecord, type InstanceRecord, readExit, readIdentity } from "./record.ts";

const OVER_MEMORY: Instance["warnings"][number] = {
  reason: "out_of_memory",
  message: "was killed: it was over its memory limit",
};

export class Supervised {
  readonly record: InstanceRecord;
  readonly folder: string;
  service: ProcessIdentity | null = null;
  shim: ProcessIdentity | null = null;
  /** How the ports that it listens on differ from those it declares. */
  portWarnings: Instance["warnings"] = [];
  /** Resolves once when it has ended. */
  readonly ended: Promise<void>;
  #life: Life = "created";
  #overMemory = false;
  #exit: { code: number | null; at: number } | null = null;
  #tellEnd!: () => void;

  constructor({ record, folder }: FoundRecord) {
    this.record = record;
    this.folder = folder;
    this.ended = new Promise((resolve) => this.#tellEnd = resolve);
  }

  /** Nothing of it runs. */
  get isOver(): boolean {
    return this.#life === "exited" || this.#life === "created";
  }

  /** Goes on in the table of lifes, and does what it says. `by.now` is when, `by.signal` the one that asks it to end. */
  async happen(event: LifeEvent, by: { now: number; signal?: SignalName }): Promise<void> {
    const { life, effects } = next(this.#life, event);
    this.#life = life;
    for (const effect of effects) await this.#do(effect, by);
  }

  async #do(effect: Effect, by: { now: number; signal?: SignalName }): Promise<void> {
    switch (effect) {
      case "signal":
        if (this.service !== null) await signal(this.service, by.signal ?? "SIGTERM");
        return;
      case "kill-tree":
        return await this.killTree();
      case "settle":
        this.#overMemory = await wasOverMemory(this.record.cgroup);
        await removeCgroup(this.record.cgroup);
        this.#exit = await readExit(this.folder) ?? { code: null, at: by.now };
        return await this.happen("settled", by);
      case "tell":
        return this.#tellEnd();
    }
  }

  /** Reads who the service and its shim are. True once the service is known. */
  async learnIdentity(now: number): Promise<boolean> {
    this.shim ??= await readIdentity(this.folder, "shim");
    this.service ??= await readIdentity(this.folder, "stat");
    if (this.service !== null) await this.happen("identified", { now });
    return this.service !== null;
  }

  /** Whether the service, or the shim that is to tell its status, is alive. */
  async isAlive(): Promise<boolean> {
    for (const one of [this.service, this.shim]) if (one !== null && await isAlive(one)) return true;
    return false;
  }

  async killTree(): Promise<void> {
    const { id, cgroup } = this.record;
    await killTree({ id, service: this.service, shim: this.shim, cgroup });
  }

  observe(): Instance {
    const { id, workload, slot, fingerprint, startedAt, ports, warnings } = this.record;
    const over = this.#life === "exited";
    return {
      id,
      workload,
      slot,
      runtime: "native",
      fingerprint,
      state: shown(this.#life),
      pid: over ? null : this.service?.pid ?? null,
      containerId: null,
      startedAt,
      endedAt: this.#exit?.at ?? null,
      exitCode: this.#exit?.code ?? null,
      runtimeHealth: null,
      ports,
      warnings: [...warnings ?? [], ...over ? [] : this.portWarnings, ...this.#overMemory ? [OVER_MEMORY] : []],
    };
  }
}
