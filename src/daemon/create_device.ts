/** Makes a device out of its settings: its parts, its runtimes open, nothing running yet. */
import { hostname } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import type { RuntimeName } from "../model/workload.ts";
import { EMPTY_PLAN } from "../reconciler/pipeline/plan.ts";
import { NO_PROGRESS } from "../reconciler/pipeline/revision_progress.ts";
import { snapshotInput } from "../reconciler/snapshot_input.ts";
import { Prober } from "../probe/prober.ts";
import { openDockerRuntime } from "../runtime/docker/docker_runtime.ts";
import { ArtifactStore } from "../runtime/native/artifact/artifact_store.ts";
import { openNativeRuntime } from "../runtime/native/native_runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { credentialsRoot } from "../secrets/credentials.ts";
import { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings/settings.ts";
import { createSource } from "../source/create_source.ts";
import type { Source } from "../source/source.ts";
import { type DataDir, dataDir } from "../store/data_dir.ts";
import { DeliveryLog } from "../store/delivery_log.ts";
import { ImageInventory } from "../store/image_inventory.ts";
import { Journal } from "../store/journal.ts";
import { WorkloadStateStore } from "../store/workload_state_store.ts";
import { notifyFile } from "../store/notify_state.ts";
import { readSourceState, type SourceState } from "../store/source_state.ts";
import type { StateDisk } from "../store/state_disk.ts";
import { OWN_EXECUTABLE } from "../upgrade/own_executable.ts";
import { upgradePaths } from "../upgrade/upgrade_trial.ts";
import { type DaemonEnd, type Device, notifyListeners } from "./device.ts";
import { openNotifier } from "./notifier.ts";
import { stateDisk } from "./claim_data_dir.ts";
import { Watchdog } from "./watchdog.ts";
import { buildSnapshot } from "../status/build_snapshot.ts";
import { revisionVerifier } from "../sync/verify_revision.ts";
import { attemptClock, CrashGuard } from "../sync/crash_guard.ts";
import { deviceFacts } from "../sync/device_facts.ts";
import { UsageHistory } from "../reconciler/usage_history.ts";
import { Trigger } from "../async/trigger.ts";
import { observedInstances } from "../model/instance.ts";

interface OpenOptions {
  settings: Settings;
  id: string;
  /** What writes its state; absent: one of its own. */
  disk?: StateDisk;
  signal: AbortSignal;
  /** What ends the daemon from inside; a command without a daemon has none. */
  stop?: (end: DaemonEnd) => void;
  clock?: Clock;
  watchdog?: Watchdog;
}

/** The device with its runtimes open and nothing running yet. Close it with `closeDevice`. */
export async function openDevice(
  { settings, id, disk: given, signal, stop = () => {}, clock = systemClock, watchdog = new Watchdog(clock) }:
    OpenOptions,
): Promise<Device> {
  const disk = given ?? stateDisk({ root: settings.dataDir, retryMs: settings.repo.intervalMs });
  const dir = dataDir(settings.dataDir, id);
  const { diskReserveBytes } = settings.limits;
  const artifacts = new ArtifactStore({ dir: dir.artifacts, diskReserveBytes, clock });
  const known = () => ({ sourceState, source, target: deviceFacts({ settings, sourceState }) });
  const admit = revisionVerifier({ trust: settings.trust, clock, known });
  const source: Source = createSource(settings.repo, { gitDir: dir.repository, clock, admit, diskReserveBytes });
  const sourceState = await readSourceState(dir.source, disk) ?? newSourceState(source, settings);
  const lastKnown = await Deno.stat(dir.source).then((info) => info.mtime?.getTime() ?? null, () => null);
  const vault = await openVault(settings, dir);
  const states = await WorkloadStateStore.open(dir.workloads, disk);
  const journal = await Journal.read(dir.journal, disk);
  const notifier = await openNotifier(settings, { file: notifyFile(dir.notify, disk), clock });
  const processing = await CrashGuard.open(dir.attempt, { uptime: await attemptClock(), now: clock.now() });
  const deliveries = await DeliveryLog.open(dir.deliveries, disk);
  const trigger = new Trigger(clock);
  // Last: should anything before be unusable, nothing was opened that somebody would have to close.
  const runtimes = await openRuntimes({ settings, id, disk, artifacts, clock });
  const device: Device = {
    id,
    settings,
    clock,
    dir,
    disk,
    startedAt: clock.now(),
    startedMonotonic: clock.monotonic(),
    clockOffset: clock.now() - clock.monotonic(),
    clockSetAt: 0,
    lastStateWrite: lastKnown,
    source,
    runtimes,
    artifacts,
    vault,
    prober: new Prober({ runtimes, clock, changed: () => trigger.fire() }),
    usage: new UsageHistory({
      runtimes,
      clock,
      instances: () => observedInstances(device.observations),
      isWatched: () => device.listeners.size > 0,
      changed: () => notifyListeners(device),
    }),
    workloadStates: states,
    journal,
    trigger,
    syncTrigger: new Trigger(clock),
    stopped: signal,
    stop,
    desired: null,
    shutdownKind: null,
    reloadRevision: false,
    revision: null,
    processing,
    lackingBytes: null,
    sourceState,
    sourceStatus: { sync: "unknown", last_sync_at: null, progress: null, error: null, held: null },
    syncCount: 0,
    syncing: false,
    reconcileCount: 0,
    watchdog,
    observations: [],
    changed: new Set(),
    answered: new Set(),
    answeringSince: new Map(),
    plan: EMPTY_PLAN,
    progress: NO_PROGRESS,
    planned: null,
    lastLines: new Map(),
    reportedUnhealthy: new Set(),
    operations: new Map(),
    retries: new Map(),
    forcedRestarts: new Set(),
    upgrade: null,
    snapshot: null,
    events: [],
    notifier,
    deliveries,
    listeners: new Set(),
  };
  device.snapshot = buildSnapshot(snapshotInput(device));
  return device;
}

function newSourceState({ url, branch }: Source, { device }: Settings): SourceState {
  const revisions = { seen: null, attempted: null, applied: null, healthy: null };
  return { url, branch, device, ...revisions, pruneConfirmed: null };
}

export async function closeDevice(device: Device): Promise<void> {
  device.prober.close();
  device.usage.close();
  await device.processing.interrupt();
  await device.journal.close();
  await device.deliveries.close();
  await device.disk.close();
  await Promise.all([...device.runtimes.values()].map((runtime) => runtime.close()));
}

/** What the owner names is the owner's to make. */
async function openVault({ secrets: { identityFile } }: Settings, dir: DataDir): Promise<Vault> {
  return await Vault.open(identityFile ?? dir.identity, { make: identityFile === null });
}

async function openRuntimes(
  { settings, id, disk, artifacts, clock }: {
    settings: Settings;
    id: string;
    disk: StateDisk;
    artifacts: ArtifactStore;
    clock: Clock;
  },
): Promise<Map<RuntimeName, Runtime>> {
  const dir = dataDir(settings.dataDir, id);
  const runtimes = new Map<RuntimeName, Runtime>();
  const credentials = await credentialsRoot(dir.credentials, id);
  if (settings.runtime.nativeEnabled) {
    const bounds = { stateDir: dir.services, uidRange: settings.native.uidRange, policy: settings.policy };
    const credentialsDir = join(credentials, "native");
    const logs = { logDir: dir.logs, asideLogDir: dir.aside?.logs ?? null };
    const options = { runDir: dir.run, ...logs, credentialsDir, artifacts, deviceId: id, clock, ...bounds };
    runtimes.set("native", await openNativeRuntime(options));
  }
  if (settings.runtime.dockerEnabled) {
    const { docker: { host, configFile }, registries, policy } = settings;
    const protectedPaths = [
      ...policy.own.paths,
      // Whoever can write to it is root at the next start.
      ...(OWN_EXECUTABLE === null ? [] : Object.values(upgradePaths(OWN_EXECUTABLE))),
      dir.run,
      credentials,
      settings.secrets.identityFile ?? dir.identity,
    ];
    const images = {
      credentials: { registries, configFile },
      inventory: await ImageInventory.open(dir.images, disk),
      diskReserveBytes: settings.limits.diskReserveBytes,
    };
    const credentialsDir = join(credentials, "docker");
    const options = { host, deviceId: id, credentialsDir, policy, protectedPaths, clock, ...images };
    runtimes.set("docker", await openDockerRuntime(options));
  }
  if (runtimes.size === 0) {
    throw new Failure(`${hostname()} can run nothing: both runtimes are switched off`, {
      kind: "mistake",
      reason: "runtime_disabled",
      hint: "set native_enabled or docker_enabled in [runtime] of config.toml",
    });
  }
  return runtimes;
}
