/** The runtime contract over supervised processes. Instances outlive the daemon; the next one adopts them. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { Failure } from "../../failure.ts";
import type { Instance, Observation } from "../../model/instance.ts";
import type { SignalName, Workload } from "../../model/workload.ts";
import { Credentials } from "../../secrets/credentials.ts";
import type { LogLine, LogOptions, Progress, Runtime, StartRequest, StopOptions, Usage } from "../runtime.ts";
import { startSnapshot } from "./executable_drift.ts";
import { adopt } from "./adopt_instances.ts";
import { ControlGroups } from "./sandbox/control_groups.ts";
import { resolveRunAs } from "./sandbox/run_as.ts";
import { setLimits } from "./sandbox/resource_limits.ts";
import { fetchArtifact, locateArtifact } from "./artifact/artifact.ts";
import { runCommand } from "./run_command.ts";
import { prepareLaunch, withPortEnvironment } from "./launch.ts";
import type { NativeOptions } from "./native_options.ts";
import { type LiveSlot, LogStore } from "./log/log_store.ts";
import { PortMismatchWatch } from "./port/port_mismatch_watch.ts";
import { checkPortsFree } from "./port/free_ports.ts";
import { ExitWatcher } from "./process/exit_watcher.ts";
import { bootId, isAlive, type ProcessHandle, signal } from "../../os/pidfd.ts";
import { removeCgroup } from "./process/cgroup_processes.ts";
import { instanceDirectory, type InstanceRecord, writeRecord } from "./instance_record.ts";
import { defaultSignals } from "./process/reset_signals.ts";
import { spawnService } from "./spawn_service.ts";
import { assertSlotFree } from "./slot_guard.ts";
import { SupervisedInstance } from "./supervised_instance.ts";
import { UsageReader } from "./process_usage.ts";
import { deadline } from "../../async/deadline.ts";

const NO_SECRETS = { env: {}, files: [] };

/** After a SIGKILL of the whole tree: only a process stuck in the kernel takes longer. */
const KILL_DEADLINE_MS = 5_000;

export async function openNativeRuntime(options: NativeOptions): Promise<NativeRuntime> {
  const boot = await bootId();
  const instances = await adopt({ runDir: options.runDir, bootId: boot, clock: options.clock });
  const groups = new ControlGroups(options.deviceId);
  await groups.clean(new Set(instances.map((instance) => instance.record.id)));
  return new NativeRuntime(options, { boot, instances, groups, prefix: await defaultSignals() });
}

export class NativeRuntime implements Runtime {
  readonly name = "native";
  readonly #options: NativeOptions;
  readonly #boot: string;
  /** Before every command line. */
  readonly #prefix: string[];
  readonly #instances: Map<string, SupervisedInstance>;
  readonly #output: LogStore;
  readonly #credentials: Credentials;
  readonly #groups: ControlGroups;
  readonly #ends = new ExitWatcher();
  readonly #watched = new WeakMap<SupervisedInstance, ProcessHandle>();
  readonly #portWatch = new PortMismatchWatch(() => this.#changed());
  readonly #usage: UsageReader;
  #changed: () => void = () => {};
  #closed = false;

  constructor(
    options: NativeOptions,
    found: { boot: string; instances: SupervisedInstance[]; groups: ControlGroups; prefix: string[] },
  ) {
    this.#options = options;
    this.#boot = found.boot;
    this.#prefix = found.prefix;
    this.#instances = new Map(found.instances.map((instance) => [instance.record.id, instance]));
    this.#credentials = new Credentials(options.credentialsDir, "users");
    const { logDir, asideLogDir: asideDir = null, runDir: indexDir, clock } = options;
    this.#output = new LogStore({ logDir, asideDir, indexDir, clock });
    this.#usage = new UsageReader(clock);
    this.#groups = found.groups;
    this.#output.keepBounded(() => [...this.#instances.values()].map(writes));
    for (const instance of found.instances.filter((instance) => !instance.hasExited)) {
      this.#watchProcesses(instance).catch(() => {});
      this.#portWatch.follow(instance);
    }
  }

  async observe(): Promise<Observation> {
    // Of those that have ended: another start has files of its own.
    const alive = [...this.#instances.values()].filter((instance) => !instance.hasExited);
    await this.#credentials.keep(new Set(alive.map(({ record }) => record.id)));
    const looks = [...this.#instances.values()].map(async (instance) => this.#output.warned(await instance.refresh()));
    return { runtime: this.name, ok: true, instances: await Promise.all(looks) };
  }

  async prepare(workload: Workload, progress: Progress, signal: AbortSignal): Promise<void> {
    if (workload.runtime !== "native") return;
    await fetchArtifact(workload, this.#options.artifacts, { progress, signal });
    await resolveRunAs(workload, this.#options);
  }

  async start(
    { workload: asked, slot, fingerprint, filesDir, assignedPorts, previous, canary = false, secrets = NO_SECRETS }:
      StartRequest,
  ): Promise<Instance> {
    if (asked.runtime !== "native") throw new Error(`${asked.name} is not for the native runtime`);
    const workload = withPortEnvironment(asked, assignedPorts);
    assertSlotFree(this.#instances.values(), { workload: workload.name, slot, beside: canary ? fingerprint : null });
    const id = `${workload.name}-${slot}-${randomBytes(6).toString("hex")}`;
    const { runDir, artifacts, clock } = this.#options;
    const artifactDir = await locateArtifact(workload, artifacts);
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
      files: await startSnapshot(launch, { workload, filesDir, artifactDir }),
    };
    const directory = instanceDirectory(runDir, record);
    const logFile = await this.#output.fileFor(workload.name, slot);
    // Written before the process exists: whoever finds a process of ours finds its record too.
    await writeRecord(directory, record);
    const one = new SupervisedInstance({ record, directory }, { clock, environment: launch.env });
    this.#instances.set(id, one);
    try {
      const request = { runDir: directory, cgroup, id, logFile, ...launch, chain: [...this.#prefix, ...launch.chain] };
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
    if (one === undefined || one.hasExited) return;
    const { clock } = this.#options;
    // Where it cannot be taken back, what the shim starts once more is told to end as well.
    await one.grant(null).catch(() => {});
    await one.dispatch("stop", { now: clock.now(), stop: options });
    if (await this.#endsWithin(one, options.timeoutMs)) return;
    await one.dispatch("late", { now: clock.now() });
    if (await this.#endsWithin(one, KILL_DEADLINE_MS)) return;
    if (!await one.isAlive()) return await one.dispatch("ended", { now: clock.now() });
    throw new Failure(`${instance.workload}[${instance.slot}] did not end after SIGKILL (pid ${one.service?.pid})`, {
      kind: "transient",
      reason: "stop_failed",
    });
  }

  #endsWithin(one: SupervisedInstance, ms: number): Promise<boolean> {
    return deadline({ clock: this.#options.clock, ms }, () => one.ended).then(() => true, () => false);
  }

  async signal(instance: Instance, name: SignalName): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one !== undefined && !one.hasExited && one.service !== null) await signal(one.service, name);
  }

  async setRestartLease(instance: Instance, finalCodes: readonly number[] | null): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one === undefined || one.hasExited || one.service === null) return;
    await one.grant(finalCodes);
    if (finalCodes !== null) await this.#watchService(one);
  }

  async remove(instance: Instance): Promise<void> {
    const one = this.#instances.get(instance.id);
    if (one === undefined) return;
    if (!one.hasExited) throw new Error(`${instance.id} still runs`);
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
    return await runCommand({ ...beside, bounds: this.#options, signal });
  }

  address(_instance: Instance, port: number): Promise<{ host: string; port: number } | null> {
    return Promise.resolve({ host: "127.0.0.1", port });
  }

  async usage(instance: Instance): Promise<Usage | null> {
    const one = this.#instances.get(instance.id);
    if (one === undefined || one.hasExited) return null;
    return await this.#usage.of({ cgroup: one.record.cgroup, service: one.service, shim: one.shim });
  }

  watch(changed: () => void): void {
    this.#changed = changed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changed = () => {};
    for (const instance of this.#instances.values()) instance.close();
    await this.#ends.close();
    this.#portWatch.close();
    await this.#output.close();
    await this.#groups.close();
    await this.#credentials.close();
  }

  /** Called when something of it has ended, which may not be all of it. */
  #end(instance: SupervisedInstance): void {
    // The next daemon sees to it.
    if (this.#closed) return;
    const end = async () => {
      if (await instance.trackRespawn(this.#options.clock)) {
        await this.#watchService(instance);
        return this.#changed();
      }
      // Somebody killed the shim alone: the service runs on, and only its exit status is lost.
      if (await instance.isAlive()) return await this.#watchProcesses(instance);
      await instance.dispatch("ended", { now: this.#options.clock.now() });
      this.#changed();
      if (!instance.hasExited) instance.ended.then(() => this.#changed());
    };
    end().catch(() => this.#changed());
  }

  /** Its end is told once, however often this is called. */
  async #watchService(instance: SupervisedInstance): Promise<void> {
    const { service } = instance;
    if (service === null || this.#watched.get(instance) === service) return;
    this.#watched.set(instance, service);
    await this.#ends.watch(service, () => this.#end(instance));
  }

  /** For an instance that is no child of ours any more: the end of either process is a reason to look. */
  async #watchProcesses(instance: SupervisedInstance): Promise<void> {
    let left = 0;
    for (const process of [instance.service, instance.shim]) {
      if (process === null || !await isAlive(process)) continue;
      left++;
      if (process === instance.service) await this.#watchService(instance);
      else await this.#ends.watch(process, () => this.#end(instance));
    }
    // Both may have ended since somebody found it alive; then nobody else will tell.
    if (left === 0) this.#end(instance);
  }

  async #discard(instance: SupervisedInstance): Promise<void> {
    this.#instances.delete(instance.record.id);
    // One that never came to life has it still. Before the record, which is all that names it.
    await removeCgroup(instance.record.cgroup);
    await Deno.remove(instance.directory, { recursive: true }).catch(() => {});
    // The slot's and the workload's folder, once they are empty.
    await Deno.remove(dirname(instance.directory)).catch(() => {});
    await Deno.remove(dirname(dirname(instance.directory))).catch(() => {});
  }
}

function writes({ record: { workload, slot, logs }, shim }: SupervisedInstance): LiveSlot {
  return { workload, slot, bound: logs ?? null, pid: shim?.pid ?? null };
}
