/** The runtime contract over supervised processes. Instances outlive the daemon; the next one adopts them. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { Failure } from "../../failure.ts";
import type { Instance, Observation } from "../../model/observed.ts";
import type { SignalName, Workload } from "../../model/workload.ts";
import { Credentials } from "../../secrets/credentials.ts";
import type { LogLine, LogOptions, Progress, Runtime, StartRequest, StopOptions, Usage } from "../runtime.ts";
import { startedFiles } from "./altered.ts";
import { adopt } from "./adopt.ts";
import { ControlGroups } from "./confine/control_groups.ts";
import { identify } from "./confine/identity.ts";
import { setLimits } from "./confine/resources.ts";
import { bringArtifact, foundArtifact } from "./artifact/artifact.ts";
import { executeBeside } from "./execute.ts";
import { prepareLaunch } from "./launch.ts";
import type { NativeOptions } from "./native_options.ts";
import { type LiveSlot, Output } from "./log/output.ts";
import { withPorts } from "./port/chosen.ts";
import { PortWatch } from "./port/watch.ts";
import { checkPortsFree } from "./port/ports.ts";
import { ProcessEnds } from "./process/ends.ts";
import { bootId, isAlive, type ProcessIdentity, signal } from "./process/identity.ts";
import { removeCgroup } from "./process/group.ts";
import { instanceFolder, type InstanceRecord, writeRecord } from "./record.ts";
import { defaultSignals } from "./process/signals.ts";
import { spawnService } from "./spawn_service.ts";
import { refuseSecond } from "./refuse_second.ts";
import { Supervised } from "./supervised.ts";
import { UsageReader } from "./usage.ts";
import { within } from "./within.ts";

const NO_SECRETS = { env: {}, files: [] };

/** After a SIGKILL of the whole tree: only a process stuck in the kernel takes longer. */
const KILL_DEADLINE_MS = 5_000;

export async function openNativeRuntime(options: NativeOptions): Promise<NativeRuntime> {
  const boot = await bootId();
  const instances = await adopt({ runDir: options.runDir, bootId: boot, clock: options.clock });
  const groups = new ControlGroups(options.deviceId);
  await groups.clean(new Set(instances.map((one) => one.record.id)));
  return new NativeRuntime(options, { boot, instances, groups, prefix: await defaultSignals() });
}

export class NativeRuntime implements Runtime {
  readonly name = "native";
  readonly #options: NativeOptions;
  readonly #boot: string;
  /** Before every command line. */
  readonly #prefix: string[];
  readonly #instances: Map<string, Supervised>;
  readonly #output: Output;
  readonly #credentials: Credentials;
  readonly #groups: ControlGroups;
  readonly #ends = new ProcessEnds();
  readonly #watched = new WeakMap<Supervised, ProcessIdentity>();
  readonly #portWatch = new PortWatch(() => this.#changed());
  readonly #usage: UsageReader;
  #changed: () => void = () => {};
  #closed = false;

  constructor(
    options: NativeOptions,
    found: { boot: string; instances: Supervised[]; groups: ControlGroups; prefix: string[] },
  ) {
    this.#options = options;
    this.#boot = found.boot;
    this.#prefix = found.prefix;
    this.#instances = new Map(found.instances.map((one) => [one.record.id, one]));
    this.#credentials = new Credentials(options.credentialsDir, "users");
    const { logDir, asideLogDir: asideDir = null, runDir: indexDir, clock } = options;
    this.#output = new Output({ logDir, asideDir, indexDir, clock });
    this.#usage = new UsageReader(clock);
    this.#groups = found.groups;
    this.#output.keepBounded(() => [...this.#instances.values()].map(writes));
    for (const one of found.instances.filter((one) => !one.isOver)) {
      this.#watchProcesses(one).catch(() => {});
      this.#portWatch.follow(one);
    }
  }

  async observe(): Promise<Observation> {
    // Of those that have ended: another start has files of its own.
    const alive = [...this.#instances.values()].filter((one) => !one.isOver);
    await this.#credentials.keep(new Set(alive.map(({ record }) => record.id)));
    const looks = [...this.#instances.values()].map(async (one) => this.#output.warned(await one.look()));
    return { runtime: this.name, ok: true, instances: await Promise.all(looks) };
  }

  async prepare(workload: Workload, progress: Progress, signal: AbortSignal): Promise<void> {
    if (workload.runtime !== "native") return;
    await bringArtifact(workload, this.#options.artifacts, { progress, signal });
    await identify(workload, this.#options);
  }

  async start(
    { workload: asked, slot, fingerprint, filesDir, chosenPorts, previous, withheld = false, secrets = NO_SECRETS }:
      StartRequest,
  ): Promise<Instance> {
    if (asked.runtime !== "native") throw new Error(`${asked.name} is not for the native runtime`);
    const workload = withPorts(asked, chosenPorts);
    refuseSecond(this.#instances.values(), { workload: workload.name, slot, beside: withheld ? fingerprint : null });
    const id = `${workload.name}-${slot}-${randomBytes(6).toString("hex")}`;
    const { runDir, artifacts, clock } = this.#options;
    const artifactDir = await foundArtifact(workload, artifacts);
    using _held = this.#credentials.hold(id);
    const sources = { filesDir, artifactDir, secrets, credentials: this.#credentials, bounds: this.#options };
    const launch = await prepareLaunch({ workload, slot, id, ...sources });
    await checkPortsFree(workload.ports);
    const cgroup = await this.#groups.make(id);
    const record: InstanceRecord = {
      version: 1,
      id,
      workload: workload.name,
      slot,
      fingerprint,
      bootId: this.#boot,
      startedAt: clock.now(),
      ports: workload.ports.map((port) => `${port.container}/${port.protocol}`),
      cgroup,
      canRespawn: cgroup !== null && launch.shim === "within",
      warnings: [...await setLimits(cgroup, workload.resources, launch), ...await this.#credentials.warnings(id)],
      logs: workload.logs,
      stop: { signal: workload.stopSignal ?? "SIGTERM", timeoutMs: workload.stopTimeoutMs },
      files: await startedFiles(launch, { workload, filesDir, artifactDir }),
    };
    const folder = instanceFolder(runDir, record);
    const logFile = await this.#output.fileFor(workload.name, slot);
    // Written before the process exists: whoever finds a process of ours finds its record too.
    await writeRecord(folder, record);
    const one = new Supervised({ record, folder }, clock);
    one.environment = launch.env;
    this.#instances.set(id, one);
    try {
      const request = { runDir: folder, cgroup, id, logFile, ...launch, chain: [...this.#prefix, ...launch.chain] };
      await spawnService(one, { request, clock, ended: () => this.#end(one) });
    } catch (error) {
      await this.#discard(one);
      throw error;
    }
    this.#portWatch.follow(one);
    if (previous !== null) await this.remove(previous);
    return one.observe();
  }

  async stop(instance: Instance, options: StopOptions): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one === undefined || one.isOver) return;
    const { clock } = this.#options;
    // Where it cannot be taken back, what the shim starts once more is told to end as well.
    await one.grant(null).catch(() => {});
    await one.happen("stop", { now: clock.now(), stop: options });
    if (await within(one.ended, { ms: options.timeoutMs, clock })) return;
    await one.happen("late", { now: clock.now() });
    if (await within(one.ended, { ms: KILL_DEADLINE_MS, clock })) return;
    if (!await one.isAlive()) return await one.happen("ended", { now: clock.now() });
    throw new Failure(`${instance.workload}[${instance.slot}] did not end after SIGKILL (pid ${one.service?.pid})`, {
      kind: "transient",
      reason: "stop_failed",
    });
  }

  async signal(instance: Instance, name: SignalName): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one !== undefined && !one.isOver && one.service !== null) await signal(one.service, name);
  }

  latestImage(): Promise<null> {
    return Promise.resolve(null);
  }

  /** Artifacts are kept by whoever hands them in. */
  keep(): Promise<void> {
    return Promise.resolve();
  }

  /** A process has no name that others find it by. */
  publish(): Promise<void> {
    return Promise.resolve();
  }

  async grant(instance: Instance, finalCodes: readonly number[] | null): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one === undefined || one.isOver || one.service === null) return;
    await one.grant(finalCodes);
    if (finalCodes !== null) await this.#watchService(one);
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
    const { service = null, environment = null } = this.#instances.get(instance.id) ?? {};
    const beside = { workload: { ...workload, command }, service, environment };
    return await executeBeside({ ...beside, bounds: this.#options, signal });
  }

  address(_instance: Instance, port: number): Promise<{ host: string; port: number } | null> {
    return Promise.resolve({ host: "127.0.0.1", port });
  }

  async usage(instance: Instance): Promise<Usage | null> {
    const one = this.#instances.get(instance.id);
    if (one === undefined || one.isOver) return null;
    return await this.#usage.of({ cgroup: one.record.cgroup, service: one.service, shim: one.shim });
  }

  watch(changed: () => void): void {
    this.#changed = changed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changed = () => {};
    for (const one of this.#instances.values()) one.close();
    await this.#ends.close();
    this.#portWatch.close();
    await this.#output.close();
    await this.#groups.close();
    await this.#credentials.close();
  }

  /** Called when something of it has ended, which may not be all of it. */
  #end(one: Supervised): void {
    // The next daemon sees to it.
    if (this.#closed) return;
    const end = async () => {
      if (await one.followRespawn(this.#options.clock)) {
        await this.#watchService(one);
        return this.#changed();
      }
      // Somebody killed the shim alone: the service runs on, and only its exit status is lost.
      if (await one.isAlive()) return await this.#watchProcesses(one);
      await one.happen("ended", { now: this.#options.clock.now() });
      this.#changed();
      if (!one.isOver) one.ended.then(() => this.#changed());
    };
    end().catch(() => this.#changed());
  }

  /** Its end is told once, however often this is called. */
  async #watchService(one: Supervised): Promise<void> {
    const { service } = one;
    if (service === null || this.#watched.get(one) === service) return;
    this.#watched.set(one, service);
    await this.#ends.watch(service, () => this.#end(one));
  }

  /** For an instance that is no child of ours any more: the end of either process is a reason to look. */
  async #watchProcesses(one: Supervised): Promise<void> {
    let left = 0;
    for (const process of [one.service, one.shim]) {
      if (process === null || !await isAlive(process)) continue;
      left++;
      if (process === one.service) await this.#watchService(one);
      else await this.#ends.watch(process, () => this.#end(one));
    }
    // Both may have ended since somebody found it alive; then nobody else will tell.
    if (left === 0) this.#end(one);
  }

  async #discard(one: Supervised): Promise<void> {
    this.#instances.delete(one.record.id);
    // One that never came to life has it still. Before the record, which is all that names it.
    await removeCgroup(one.record.cgroup);
    await Deno.remove(one.folder, { recursive: true }).catch(() => {});
    // The slot's and the workload's folder, once they are empty.
    await Deno.remove(dirname(one.folder)).catch(() => {});
    await Deno.remove(dirname(dirname(one.folder))).catch(() => {});
  }
}

function writes({ record: { workload, slot, logs }, shim }: Supervised): LiveSlot {
  return { workload, slot, bound: logs ?? null, pid: shim?.pid ?? null };
}
