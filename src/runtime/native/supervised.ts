/** One instance as the runtime holds it: what is written down of it, who it is, and a promise of its end. */
import type { Instance } from "../../model/observed.ts";
import { type LifeEvent, next } from "./lifecycle.ts";
import { isAlive, type ProcessIdentity } from "./process_identity.ts";
import { killTree, removeCgroup } from "./process_tree.ts";
import { type FoundRecord, type InstanceRecord, readExit, readIdentity } from "./record.ts";

export class Supervised {
  readonly record: InstanceRecord;
  readonly folder: string;
  service: ProcessIdentity | null = null;
  shim: ProcessIdentity | null = null;
  /** Resolves once when it has ended. */
  readonly ended: Promise<void>;
  #state: Instance["state"] = "created";
  #exit: { code: number | null; at: number } | null = null;
  #tellEnd!: () => void;
  #settling: Promise<void> | null = null;

  constructor({ record, folder }: FoundRecord) {
    this.record = record;
    this.folder = folder;
    this.ended = new Promise((resolve) => this.#tellEnd = resolve);
  }

  get state(): Instance["state"] {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state === "exited" || this.#state === "created";
  }

  happen(event: LifeEvent): void {
    this.#state = next(this.#state, event);
  }

  /** Reads who the service and its shim are. True once both are known. */
  async learnIdentity(): Promise<boolean> {
    this.shim ??= await readIdentity(this.folder, "shim");
    this.service ??= await readIdentity(this.folder, "stat");
    if (this.service !== null) this.happen("started");
    return this.service !== null;
  }

  /** Whether the service, or the shim that is to tell its status, is alive. */
  async isAlive(): Promise<boolean> {
    for (const one of [this.service, this.shim]) if (one !== null && await isAlive(one)) return true;
    return false;
  }

  /**
   * The main process is gone: what it left behind is killed, and its status is read. Call it when neither it nor its
   * shim is alive; calling it again is harmless.
   */
  settle(now: number): Promise<void> {
    return this.#settling ??= this.#settle(now);
  }

  async killTree(): Promise<void> {
    const { id, cgroup } = this.record;
    await killTree({ id, service: this.service, shim: this.shim, cgroup });
  }

  async #settle(now: number): Promise<void> {
    await this.killTree();
    await removeCgroup(this.record.cgroup);
    const exit = await readExit(this.folder);
    this.#exit = exit ?? { code: null, at: now };
    this.happen("ended");
    this.#tellEnd();
  }

  observe(): Instance {
    const { id, workload, slot, fingerprint, startedAt, ports, warnings } = this.record;
    const over = this.#state === "exited";
    return {
      id,
      workload,
      slot,
      runtime: "native",
      fingerprint,
      state: this.#state,
      pid: over ? null : this.service?.pid ?? null,
      containerId: null,
      startedAt,
      endedAt: this.#exit?.at ?? null,
      exitCode: this.#exit?.code ?? null,
      runtimeHealth: null,
      ports,
      warnings: warnings ?? [],
    };
  }
}
