/** Executes the actions of a plan: those of one workload in order, those of different workloads concurrently. */
import type { Clock } from "../../clock.ts";
import { asFailure, type Failure } from "../../failure.ts";
import { logger } from "../../log.ts";
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/instance.ts";
import type { RuntimeName, Workload } from "../../model/workload.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Vault } from "../../secrets/vault.ts";
import type { RevealedSecrets } from "../../runtime/runtime.ts";
import type { Source } from "../../source/source.ts";
import type { DataDir } from "../../store/data_dir.ts";
import { placeFiles, placeMountedAlone } from "../../store/workload_files.ts";
import type { Journal } from "../../store/journal.ts";
import type { WorkloadStateStore } from "../../store/workload_state_store.ts";
import type { EventLog } from "../event_log.ts";
import type { Observer } from "../observer.ts";
import { type Action, actionTitle } from "../pipeline/action.ts";
import type { Plan } from "../pipeline/plan.ts";
import { moveDirectories } from "../rename_workloads.ts";
import { assignPorts, rethrowWithPortHolder } from "./assign_ports.ts";
import { checkNewPorts } from "./check_ports.ts";
import { recordBegun, recordRemove, recordRuntime, recordStart, recordStop } from "./record_action.ts";
import { recordReload, reloadInstance } from "./reload_instance.ts";
import { restoreFiles } from "./restore_files.ts";
import { Retries } from "./retries.ts";

const log = logger("executor");

/** Actions of one workload that are under way. */
export interface Operation {
  /** What the operation is doing; null before its first action. */
  readonly progress: string | null;
  /** Fingerprint of the spec whose image or artifact is fetched; null while nothing is fetched. */
  readonly preparing: string | null;
}

interface RunningOperation {
  progress: string | null;
  preparing: string | null;
  /** Aborted when the spec is superseded. */
  readonly superseded: AbortController;
  /** Secrets of the operation's specs: revealed once, and gone with the operation. */
  readonly secrets: Map<Workload, RevealedSecrets>;
}

/** What the reconciler decided last. */
export interface ReconcilerView {
  plan: Pick<Plan, "workloads">;
  isShuttingDown: boolean;
}

export interface ExecutorOptions {
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  states: WorkloadStateStore;
  observer: Observer;
  journal: Journal;
  vault: Vault;
  source: Pick<Source, "lastFetched">;
  dir: DataDir;
  events: EventLog;
  clock: Clock;
  /** Ends every operation; instances go on. */
  stopped: AbortSignal;
  /** `[native] port_range` */
  portRange: { from: number; to: number };
  /** Port of the page. */
  listenPort: number;
  /** Longest wait before an action that the disk refused is tried again. */
  maxDiskWaitMs: number;
  view(): ReconcilerView;
  /** Called when an operation has made progress. */
  onProgress(): void;
  /** Called when an operation has ended. */
  onEnd(): void;
}

/** The only writer of operations and forced restarts. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #operations = new Map<string, RunningOperation>();
  readonly #forcedRestarts = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly retries: Retries;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.retries = new Retries(options.clock, options.maxDiskWaitMs);
  }

  /** Operations under way, by workload. */
  get operations(): ReadonlyMap<string, Operation> {
    return this.#operations;
  }

  /** Instances (by id), and workloads without instances (by name), that the operator wants restarted. */
  get forcedRestarts(): ReadonlySet<string> {
    return this.#forcedRestarts;
  }

  /** Asks the next plan for a restart of these instances or workloads. */
  forceRestart(ids: Iterable<string>): void {
    for (const id of ids) this.#forcedRestarts.add(id);
  }

  /**
   * Starts one operation for each workload of `actions` that has none, and returns at once. The promises end with the
   * operations, and never reject.
   */
  start(actions: readonly Action[]): Promise<void>[] {
    if (actions.length === 0) return [];
    const { journal, observer, onEnd } = this.#options;
    const chains = [...Map.groupBy(actions, (action) => action.workload)]
      .filter(([workload]) => !this.#operations.has(workload));
    // Written before anything is done. Never rejects: a full disk costs the entry, never the restart.
    const journaled = journal.begin(chains.map(([workload, chain]) => {
      return { workload, actions: chain.map(actionTitle), message: chain.at(-1)!.message };
    }));
    return chains.map(([workload, chain], index) => {
      const operation = { progress: null, preparing: null, superseded: new AbortController(), secrets: new Map() };
      this.#operations.set(workload, operation);
      const running = this.#run({ workload, chain, operation, journaled }).catch((error) => {
        log.error("{workload}: {error}", { workload, error: error instanceof Error ? error.stack : error });
      }).finally(() => {
        // Neither rejects.
        journaled.then((numbers) => journal.end(numbers[index]!));
        this.#operations.delete(workload);
        this.#running.delete(running);
        for (const action of chain) observer.markChanged("runtime" in action ? action.runtime : action.spec.runtime);
        onEnd();
      });
      this.#running.add(running);
      return running;
    });
  }

  /** Resolves when no operation is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Cancels downloads for a superseded spec, so that its successor can start and `sync --wait` can return. */
  cancelSuperseded(wanted: (workload: string) => Workload | null): void {
    for (const [workload, { preparing, superseded }] of this.#operations) {
      if (preparing === null) continue;
      const spec = wanted(workload);
      if (spec === null || fingerprintOf(spec) !== preparing) superseded.abort(new Error("the spec was superseded"));
    }
  }

  /** Runs the actions in order. The first failure ends the operation, and touches no other workload. */
  async #run(
    { workload, chain, operation, journaled }: {
      workload: string;
      chain: Action[];
      operation: RunningOperation;
      journaled: Promise<unknown>;
    },
  ): Promise<void> {
    const { stopped, states, view, clock } = this.#options;
    for (const action of chain) {
      try {
        stopped.throwIfAborted();
        operation.superseded.signal.throwIfAborted();
        operation.progress = `${actionTitle(action)}: ${action.message}`;
        if (action.type !== "prepare") {
          const revision = view().plan.workloads.find(({ name }) => name === workload)?.revision ?? "";
          await Promise.all([journaled, recordBegun(states, { chain, revision, now: clock.now() })]);
        }
        await this.#runAction(action, operation);
        if (action.type === "reload" && action === chain.at(-1)) await recordReload(states, action.spec);
        if (action.type !== "prepare") this.#report(action);
      } catch (error) {
        if (stopped.aborted || operation.superseded.signal.aborted) return;
        return this.#recordFailure(workload, { action, failure: asFailure(error) });
      }
    }
    this.retries.clear(workload);
  }

  async #runAction(action: Action, operation: RunningOperation): Promise<void> {
    const { states, view, dir, stopped } = this.#options;
    switch (action.type) {
      case "prepare":
        return await this.#prepare(action.spec, operation);
      case "stop":
        await recordStop(states, { action, isShuttingDown: view().isShuttingDown });
        return await this.#runtime(action.runtime).stop(action.instance, action);
      case "publish":
        return await this.#runtime(action.spec.runtime).publish?.(action.instance, action.spec);
      case "remove":
        this.#forcedRestarts.delete(action.instance.id);
        await recordRemove(states, action);
        return await this.#runtime(action.runtime).remove(action.instance);
      case "start":
        return await this.#startInstance(action, operation);
      case "reload": {
        const runtime = this.#runtime(action.instance.runtime);
        return await reloadInstance(action, { runtime, filesDir: dir.files, stopped });
      }
    }
  }

  /** Fetches what the spec needs, after the checks that need no download. */
  async #prepare(spec: Workload, operation: RunningOperation): Promise<void> {
    const { observer, stopped, onProgress } = this.#options;
    const progress = (message: string) => {
      operation.progress = message;
      onProgress();
    };
    const signal = AbortSignal.any([stopped, operation.superseded.signal]);
    operation.preparing = fingerprintOf(spec);
    try {
      await checkNewPorts(spec, observer.instancesOf(spec.name));
      await this.#reveal(spec, operation);
      return await this.#runtime(spec.runtime).prepare(spec, progress, signal);
    } finally {
      operation.preparing = null;
    }
  }

  async #reveal(spec: Workload, { secrets }: RunningOperation): Promise<RevealedSecrets> {
    const known = secrets.get(spec);
    if (known !== undefined) return known;
    const revealed = await this.#options.vault.reveal(spec);
    secrets.set(spec, revealed);
    return revealed;
  }

  async #startInstance(action: Action & { type: "start" }, operation: RunningOperation): Promise<void> {
    const { states, dir, source, events, view, portRange, listenPort, clock } = this.#options;
    const { spec: workload, slot, fingerprint, canary = false } = action;
    const secrets = await this.#reveal(workload, operation);
    await moveDirectories(workload.name, { states, dir });
    await restoreFiles(workload, { root: dir.files, source, events });
    const filesDir = await placeFiles(dir.files, workload);
    const aloneDir = await placeMountedAlone(dir.files, workload);
    const previous = action.previous === null ? null : exited(action.previous);
    const { plan } = view();
    const assignedPorts = await assignPorts({ states, plan, portRange, listenPort, workload, slot, previous });
    await recordRuntime(states, action);
    const request = { workload, slot, fingerprint, filesDir, aloneDir, assignedPorts, previous, canary, secrets };
    const instance = await this.#runtime(workload.runtime).start(request)
      .catch((error) => rethrowWithPortHolder(error, workload));
    this.#forcedRestarts.delete(action.previous?.id ?? workload.name);
    await recordStart(states, { action, instance, now: clock.now() });
  }

  #report(action: Action): void {
    const done = DONE[action.type];
    const slot = action.type === "start" ? action.slot : action.type === "prepare" ? 0 : action.instance.slot;
    const message = `${done} ${action.workload}[${slot}]: ${action.message}`;
    log.info("{message}", { message, reason: action.reason });
    if (action.type === "remove") return;
    this.#options.events.add({ workload: action.workload, reason: action.reason, message });
  }

  #recordFailure(workload: string, { action, failure }: { action: Action; failure: Failure }): void {
    const fingerprint = "spec" in action ? fingerprintOf(action.spec) : action.instance.fingerprint;
    if (!this.retries.record(workload, { fingerprint, failure })) return;
    const { reason, hint = "" } = failure;
    const message = `cannot ${actionTitle(action)}: ${failure.message}`;
    log.error("{message}", { message, reason, hint });
    this.#options.events.add({ workload, reason, message });
  }

  #runtime(name: RuntimeName): Runtime {
    const runtime = this.#options.runtimes.get(name);
    if (runtime === undefined) throw new Error(`no runtime "${name}"`);
    return runtime;
  }
}

/** The operation has stopped the instance by now; a runtime must not take it for running. */
function exited(instance: Instance): Instance {
  return instance.state === "created" ? instance : { ...instance, state: "exited", pid: null };
}

const DONE = {
  prepare: "prepared",
  publish: "published",
  stop: "stopped",
  remove: "removed",
  start: "started",
  reload: "reloaded",
} as const;
