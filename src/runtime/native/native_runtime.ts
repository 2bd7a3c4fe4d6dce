/** The runtime contract over supervised processes. Instances outlive the daemon; the next one adopts them. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import type { Instance, Observation } from "../../model/observed.ts";
import { substitutePorts, withChosen } from "../../model/port.ts";
import type { NativeWorkload, SignalName, Workload } from "../../model/workload.ts";
import type { LogLine, LogOptions, Progress, Runtime, StartRequest, StopOptions } from "../runtime.ts";
import { adopt } from "./adopt.ts";
import { executeBeside } from "./execute.ts";
import { prepareLaunch } from "./launch.ts";
import { type LiveSlot, Output } from "./log/output.ts";
import { checkPortsFree } from "./ports.ts";
import { bootId, signal } from "./process_identity.ts";
import { makeCgroup } from "./process_tree.ts";
import { findProgram } from "./program.ts";
import { instanceFolder, type InstanceRecord, writeRecord } from "./record.ts";
import { spawnShim } from "./shim.ts";
import { Supervised } from "./supervised.ts";

export interface NativeOptions {
  /** Records of instances; on a file system that a reboot empties, where there is one. */
  runDir: string;
  logDir: string;
  /** What services write: a folder each. */
  stateDir: string;
  deviceId: string;
  clock: Clock;
}

/** A shim says who it is within milliseconds; a board under load may take a while. */
const START_DEADLINE_MS = 10_000;
/** After a SIGKILL of the whole tree: only a process stuck in the kernel takes longer. */
const KILL_DEADLINE_MS = 5_000;
/** Adopted instances are no children of ours, so their end is looked for. */
const ADOPTED_EVERY_MS = 500;

export async function openNativeRuntime(options: NativeOptions): Promise<NativeRuntime> {
  const boot = await bootId();
  const instances = await adopt({ runDir: options.runDir, bootId: boot, clock: options.clock });
  return new NativeRuntime(options, { boot, instances });
}

export class NativeRuntime implements Runtime {
  readonly name = "native";
  readonly #options: NativeOptions;
  readonly #boot: string;
  readonly #instances: Map<string, Supervised>;
  readonly #children = new Set<string>();
  readonly #output: Output;
  #changed: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: NativeOptions, found: { boot: string; instances: Supervised[] }) {
    this.#options = options;
    this.#boot = found.boot;
    this.#instances = new Map(found.instances.map((one) => [one.record.id, one]));
    this.#output = new Output({ logDir: options.logDir, indexDir: options.runDir, clock: options.clock });
    this.#output.keepBounded(() => [...this.#instances.values()].map(writes));
    if (found.instances.some((one) => !one.isOver)) this.#watchAdopted();
  }

  observe(): Promise<Observation> {
    const instances = [...this.#instances.values()].map((one) => this.#output.warned(one.observe()));
    return Promise.resolve({ runtime: this.name, ok: true, instances });
  }

  async prepare(workload: Workload, _progress: Progress, _signal: AbortSignal): Promise<void> {
    // A program in the folder is looked for at the start, when the folder is known.
    if (workload.runtime === "native" && !workload.command[0]?.startsWith("./")) await findProgram(workload, null);
  }

  async start(
    { workload: asked, slot, fingerprint, filesDir, chosenPorts, previous }: StartRequest,
  ): Promise<Instance> {
    if (asked.runtime !== "native") throw new Error(`${asked.name} is not for the native runtime`);
    const workload = withPorts(asked, chosenPorts);
    this.#refuseSecond(workload.name, slot);
    const id = `${workload.name}-${slot}-${randomBytes(6).toString("hex")}`;
    const { runDir, stateDir, clock } = this.#options;
    const launch = await prepareLaunch({ workload, slot, id, filesDir, stateDir });
    await checkPortsFree(workload.ports);
    const record: InstanceRecord = {
      version: 1,
      id,
      workload: workload.name,
      slot,
      fingerprint,
      bootId: this.#boot,
      startedAt: clock.now(),
      ports: workload.ports.map((port) => `${port.container}/${port.protocol}`),
      cgroup: await makeCgroup(id),
      logs: workload.logs,
    };
    const folder = instanceFolder(runDir, record);
    const logFile = await this.#output.fileFor(workload.name, slot);
    // Written before the process exists: whoever finds a process of ours finds its record too.
    await writeRecord(folder, record);
    const one = new Supervised({ record, folder });
    this.#instances.set(id, one);
    try {
      await this.#launch(one, { runDir: folder, cgroup: record.cgroup, logFile, ...launch });
    } catch (error) {
      await this.#discard(one);
      throw error;
    }
    if (previous !== null) await this.remove(previous);
    return one.observe();
  }

  async stop(instance: Instance, { signal: name, timeoutMs }: StopOptions): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one === undefined || one.isOver) return;
    one.happen("stopping");
    const { clock } = this.#options;
    if (one.service !== null) await signal(one.service, name);
    const gone = await within(one.ended, { ms: timeoutMs, clock });
    if (gone) return;
    await one.killTree();
    if (await within(one.ended, { ms: KILL_DEADLINE_MS, clock })) return;
    if (!await one.isAlive()) return await one.settle(clock.now());
    throw new Failure(`${instance.workload}[${instance.slot}] did not end after SIGKILL (pid ${one.service?.pid})`, {
      kind: "transient",
      reason: "stop_failed",
    });
  }

  async signal(instance: Instance, name: SignalName): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one !== undefined && !one.isOver && one.service !== null) await signal(one.service, name);
  }

  async remove(instance: Instance): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one === undefined) return;
    if (!one.isOver) throw new Error(`${instance.id} still runs`);
    await this.#discard(one);
  }

  configure({ name, logs }: Workload): void {
    this.#output.configure(name, logs);
  }

  logs(workload: string, options: LogOptions): AsyncIterable<LogLine> {
    return this.#output.read(workload, options);
  }

  async execute(instance: Instance, workload: Workload, command: string[], signal: AbortSignal) {
    if (workload.runtime !== "native") throw new Error(`${workload.name} is not for the native runtime`);
    const one = this.#instances.get(instance.id);
    return await executeBeside({ workload: { ...workload, command }, instance, service: one?.service ?? null, signal });
  }

  address(_instance: Instance, port: number): Promise<{ host: string; port: number } | null> {
    return Promise.resolve({ host: "127.0.0.1", port });
  }

  watch(changed: () => void): void {
    this.#changed = changed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changed = () => {};
    clearTimeout(this.#timer);
    await this.#output.close();
  }

  #refuseSecond(workload: string, slot: number): void {
    for (const one of this.#instances.values()) {
      if (one.record.workload !== workload || one.record.slot !== slot || one.isOver) continue;
      throw new Failure(`${workload}[${slot}] already runs (pid ${one.service?.pid})`, {
        kind: "waiting",
        reason: "internal_error",
      });
    }
  }

  async #launch(one: Supervised, request: Parameters<typeof spawnShim>[0]): Promise<void> {
    const { clock } = this.#options;
    const child = await spawnShim(request);
    let over = false;
    let broken: Error | null = null;
    const finish = () => {
      over = true;
      this.#end(one);
    };
    child.once("exit", finish);
    child.once("error", (error) => {
      broken = error;
      finish();
    });
    this.#children.add(one.record.id);
    const deadline = clock.monotonic() + START_DEADLINE_MS;
    while (!await one.learnIdentity()) {
      if (over || clock.monotonic() > deadline) {
        // The shim may have written and ended between the two looks.
        if (await one.learnIdentity()) return;
        await one.killTree();
        const cause = broken === null ? "" : `: ${(broken as Error).message}`;
        throw new Failure(`${one.record.workload}[${one.record.slot}] could not be started${cause}`, {
          kind: "transient",
          reason: "start_failed",
        });
      }
      await clock.sleep(1);
    }
  }

  #end(one: Supervised): void {
    this.#children.delete(one.record.id);
    const end = async () => {
      // Somebody killed the shim alone: the service runs on, and only its exit status is lost.
      if (await one.isAlive()) return this.#watchAdopted();
      await one.settle(this.#options.clock.now());
      this.#changed();
    };
    end().catch(() => this.#changed());
  }

  /** Ends by itself when no adopted instance is left. */
  #watchAdopted(): void {
    const look = async () => {
      const adopted = [...this.#instances.values()].filter((one) => !one.isOver && !this.#children.has(one.record.id));
      for (const one of adopted) if (!await one.isAlive()) this.#end(one);
      if (!this.#closed && adopted.length > 0) this.#watchAdopted();
    };
    clearTimeout(this.#timer);
    const timer = setTimeout(look, ADOPTED_EVERY_MS);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }

  async #discard(one: Supervised): Promise<void> {
    this.#instances.delete(one.record.id);
    await Deno.remove(one.folder, { recursive: true }).catch(() => {});
    // The slot's and the workload's folder, once they are empty.
    await Deno.remove(dirname(one.folder)).catch(() => {});
    await Deno.remove(dirname(dirname(one.folder))).catch(() => {});
  }
}

function writes({ record: { workload, slot, logs }, shim }: Supervised): LiveSlot {
  return { workload, slot, bound: logs ?? null, pid: shim?.pid ?? null };
}

/** The workload with its ports as this instance has them, wherever they are referred to. */
function withPorts(workload: NativeWorkload, chosen: readonly number[]): NativeWorkload {
  const ports = withChosen(workload.ports, chosen);
  const fill = (text: string) => substitutePorts(text, ports);
  const env = Object.fromEntries(Object.entries(workload.env).map(([name, value]) => [name, fill(value)]));
  return { ...workload, ports, env, command: workload.command.map(fill) };
}

async function within(promise: Promise<void>, { ms, clock }: { ms: number; clock: Clock }): Promise<boolean> {
  const timer = new AbortController();
  const late = clock.sleep(ms, timer.signal).then(() => false, () => true);
  const done = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return done;
}
