/** One instance as the runtime holds it: what is written down of it, who it is, and a promise of its end. */
import type { Instance } from "../../model/instance.ts";
import type { Clock } from "../../clock.ts";
import type { StopOptions } from "../runtime.ts";
import { detectDrift } from "./executable_drift.ts";
import { wasOverMemory } from "./sandbox/resource_limits.ts";
import {
  type Effect,
  type LifecycleEvent,
  type LifecycleState,
  publicState,
  transition,
} from "./instance_lifecycle.ts";
import { removeCgroup } from "./process/cgroup_processes.ts";
import { isAlive, type ProcessHandle } from "../../os/pidfd.ts";
import { isAnyLeft, killTree, type SignalledProcesses, signalTree, type Tree } from "./process/kill_tree.ts";
import { type FoundRecord, type InstanceRecord, readShim, writeRestartLease } from "./instance_record.ts";
import { belongsTo, readShimJournal, type ShimJournal } from "./shim_journal.ts";

const OVER_MEMORY: Instance["warnings"][number] = {
  reason: "out_of_memory",
  message: "was killed: it was over its memory limit",
};

/** Its folder and the report of it would grow without end. */
const MOST_RESPAWNS = 100;
/** For records of earlier versions, as a manifest without a word on it has them. */
const DEFAULT_STOP = { signal: "SIGTERM", timeoutMs: 10_000 } as const;
/** Looks whether what is left of an instance has ended, further and further apart. */
const DRAIN_LOOK_MS = { first: 1, most: 100 };
/** From the end of the program to the next one, or to the end of its shim: milliseconds, unless the machine swaps. */
const RESPAWN_DEADLINE_MS = 10_000;

export class SupervisedInstance {
  readonly record: InstanceRecord;
  readonly directory: string;
  service: ProcessHandle | null = null;
  /** The environment of its program; null for an instance that an earlier daemon started. Holds secrets. */
  readonly environment: Record<string, string> | null;
  shim: ProcessHandle | null = null;
  /** How the ports that it listens on differ from those it declares. */
  #portWarnings: Instance["warnings"] = [];
  /** Resolves once when it has ended. */
  readonly ended: Promise<void>;
  #life: LifecycleState = "created";
  #overMemory = false;
  #altered: string | undefined;
  #respawns: NonNullable<Instance["respawns"]> = [];
  /** Null until it is known: the daemon before may have given one. */
  #grant: string | null = null;
  #stop: StopOptions;
  /** Processes that got the stop signal since somebody asked for it last. */
  readonly #signalled: SignalledProcesses = new Map();
  /** On the monotonic clock: when what is left gets SIGKILL. Null until somebody asks it to end. */
  #deadline: number | null = null;
  readonly #clock: Clock;
  /** Aborted when the instance no longer waits for its last processes. */
  #draining = new AbortController();
  #exit: { code: number | null; at: number } | null = null;
  #tellEnd!: () => void;

  /** `environment` is that of a program that this daemon starts. */
  constructor(
    { record, directory }: FoundRecord,
    { clock, environment = null }: { clock: Clock; environment?: Record<string, string> | null },
  ) {
    this.record = record;
    this.environment = environment;
    this.directory = directory;
    this.#clock = clock;
    this.#stop = record.stop ?? DEFAULT_STOP;
    this.ended = new Promise((resolve) => this.#tellEnd = resolve);
  }

  /** Nothing of it runs. */
  get hasExited(): boolean {
    return this.#life === "exited" || this.#life === "created";
  }

  /** Applies a lifecycle event and runs its effects. `now` is the time of the event, `stop` how a stop is asked for. */
  async dispatch(event: LifecycleEvent, by: { now: number; stop?: StopOptions }): Promise<void> {
    if (by.stop !== undefined) {
      this.#stop = by.stop;
      this.#deadline = this.#clock.monotonic() + by.stop.timeoutMs;
    }
    const { life, effects } = transition(this.#life, event);
    this.#life = life;
    if (life !== "draining") this.#draining.abort(new Error("the instance has ended"));
    for (const effect of effects) await this.#do(effect, by);
  }

  async #do(effect: Effect, by: { now: number }): Promise<void> {
    switch (effect) {
      case "signal":
        this.#signalled.clear();
        return await signalTree(this.#tree, this.#stop.signal ?? "SIGTERM", this.#signalled);
      case "drain":
        return await this.#drain();
      case "kill-tree":
        return await this.killTree();
      case "settle":
        this.#overMemory = await wasOverMemory(this.record.cgroup);
        await removeCgroup(this.record.cgroup);
        this.#exit = await this.#readExit() ?? { code: null, at: by.now };
        return await this.dispatch("settled", by);
      case "tell":
        return this.#tellEnd();
    }
  }

  /** Reads who the service and its shim are. True once the service is known. */
  async readIdentity(now: number): Promise<boolean> {
    if (this.service === null) await this.#readService();
    if (this.service !== null) await this.dispatch("identified", { now });
    return this.service !== null;
  }

  /** What the shim wrote down, with the last service that it started and that is its own. */
  async #readService(): Promise<ShimJournal> {
    const notes = await readShimJournal(this.directory);
    const { service } = notes;
    // It has said who it is before it wrote the first note.
    if (service !== null) this.shim ??= await readShim(this.directory);
    const isKnown = service === null ||
      (service.pid === this.service?.pid && service.startTime === this.service.startTime);
    if (!isKnown && await belongsTo(service, this.#tree)) this.service = service;
    return notes;
  }

  async #readExit(): Promise<{ code: number; at: number } | null> {
    const { exitCode, at } = await readShimJournal(this.directory);
    return exitCode === null ? null : { code: exitCode, at };
  }

  /** Whether the service, or the shim that is to tell its status, is alive. */
  async isAlive(): Promise<boolean> {
    for (const processIdentity of [this.service, this.shim]) {
      if (processIdentity !== null && await isAlive(processIdentity)) return true;
    }
    return false;
  }

  /**
   * Lets the shim start the program again by itself, once; null takes that back, which comes too late for a start that
   * is under way. One that is to end gets none, and after very many the slate is wiped by a new instance.
   */
  async grant(finalCodes: readonly number[] | null): Promise<void> {
    const known = this.#respawns.length;
    const isPossible = this.record.canRespawn === true && this.#life === "running" && known < MOST_RESPAWNS;
    const grant = finalCodes === null || !isPossible
      ? { restarts: 0, finalCodes: [] }
      : { restarts: known + 1, finalCodes };
    const text = [grant.restarts, ...grant.finalCodes].join(" ");
    if (text === this.#grant) return;
    this.#grant = text;
    await writeRestartLease(this.directory, grant);
  }

  /**
   * Call it when the service has ended and its shim may not have: waits until one of both is sure. True when the program
   * runs again.
   */
  async trackRespawn(clock: Clock): Promise<boolean> {
    const deadline = clock.monotonic() + RESPAWN_DEADLINE_MS;
    while (this.shim !== null && this.service !== null && clock.monotonic() < deadline) {
      const isShimAlive = await isAlive(this.shim);
      const before = this.service;
      const { respawns } = await this.#readService();
      if (this.service !== before) {
        await this.#learnRespawns(respawns, clock.now());
        await this.dispatch("respawned", { now: clock.now() });
        return true;
      }
      if (!isShimAlive || await isAlive(this.service)) return false;
      await clock.sleep(1);
    }
    return false;
  }

  /** Reads what the shim did by itself while nobody looked. */
  async learnRespawns(now: number): Promise<void> {
    await this.#learnRespawns((await readShimJournal(this.directory)).respawns, now);
  }

  async #learnRespawns(found: ShimJournal["respawns"], now: number): Promise<void> {
    if (found.length <= this.#respawns.length) return;
    const bootedAt = now - await uptimeMs();
    const respawns = [...this.#respawns];
    for (const { code, uptime } of found.slice(respawns.length)) {
      const startedAt = respawns.at(-1)?.endedAt ?? this.record.startedAt;
      respawns.push({ startedAt, endedAt: Math.max(startedAt, Math.round(bootedAt + uptime * 1000)), exitCode: code });
    }
    this.#respawns = respawns;
  }

  async killTree(): Promise<void> {
    await killTree(this.#tree);
  }

  get #tree(): Tree {
    const { id, cgroup } = this.record;
    return { id, service: this.service, shim: this.shim, cgroup };
  }

  /** Returns at once when processes are left: those have until the deadline. */
  async #drain(): Promise<void> {
    if (!await this.#isAnyLeft()) return await this.dispatch("emptied", { now: this.#clock.now() });
    this.#deadline ??= this.#clock.monotonic() + this.#stop.timeoutMs;
    await signalTree(this.#tree, this.#stop.signal ?? "SIGTERM", this.#signalled).catch(() => {});
    // All that it does at the end of an instance answers for itself.
    this.#draining = new AbortController();
    this.#untilEmpty(this.#draining.signal).catch(() => {});
  }

  async #untilEmpty(signal: AbortSignal): Promise<void> {
    for (let wait = DRAIN_LOOK_MS.first; this.#life === "draining"; wait = Math.min(wait * 1.5, DRAIN_LOOK_MS.most)) {
      await this.#clock.sleep(wait, signal);
      if (this.#life !== "draining") return;
      const isLate = this.#deadline !== null && this.#clock.monotonic() > this.#deadline;
      const event = !await this.#isAnyLeft() ? "emptied" : isLate ? "late" : null;
      if (event !== null) await this.dispatch(event, { now: this.#clock.now() });
    }
  }

  /** A look that failed has found nothing out: then the deadline decides. */
  async #isAnyLeft(): Promise<boolean> {
    return await isAnyLeft(this.#tree).catch(() => true);
  }

  get portWarnings(): Instance["warnings"] {
    return this.#portWarnings;
  }

  setPortWarnings(warnings: Instance["warnings"]): void {
    this.#portWarnings = warnings;
  }

  /** Ends all that goes on by itself. The instance runs on, and the next daemon sees to it. */
  close(): void {
    this.#draining.abort(new Error("closed"));
  }

  /** As `observe`, after a look whether what runs of it is what is on disk still. */
  async refresh(): Promise<Instance> {
    const { files = [] } = this.record;
    if (files.length > 0) this.#altered = this.hasExited ? undefined : await detectDrift(files);
    return this.observe();
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
      state: publicState(this.#life),
      pid: over || this.#life === "draining" ? null : this.service?.pid ?? null,
      containerId: null,
      startedAt: this.#respawns.at(-1)?.endedAt ?? startedAt,
      endedAt: this.#exit?.at ?? null,
      exitCode: this.#exit?.code ?? null,
      runtimeHealth: null,
      ports,
      respawns: this.#respawns,
      ...(this.#altered === undefined ? {} : { altered: this.#altered }),
      warnings: [...warnings ?? [], ...over ? [] : this.#portWarnings, ...this.#overMemory ? [OVER_MEMORY] : []],
    };
  }
}

async function uptimeMs(): Promise<number> {
  return Number.parseFloat(await Deno.readTextFile("/proc/uptime")) * 1000;
}
