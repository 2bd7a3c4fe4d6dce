/** Composes the parts of a daemon from its settings, and closes them. The only place where each part meets its options. */
import { hostname } from "node:os";
import { join } from "node:path";
import { Trigger } from "../async/trigger.ts";
import { type Clock, systemClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { OperationDeps } from "../operations/operation_deps.ts";
import { Prober } from "../probe/prober.ts";
import { ClockMonitor } from "../reconciler/clock_monitor.ts";
import { EventLog } from "../reconciler/event_log.ts";
import { Executor } from "../reconciler/executor/executor.ts";
import { FailureReports } from "../reconciler/failure_reports.ts";
import { Observer } from "../reconciler/observer.ts";
import { NO_PROGRESS } from "../reconciler/pipeline/revision_progress.ts";
import { Reconciler } from "../reconciler/reconciler.ts";
import { openStateStore } from "../reconciler/state_store.ts";
import { UsageHistory } from "../reconciler/usage_history.ts";
import { openDockerRuntime } from "../runtime/docker/docker_runtime.ts";
import { ArtifactStore } from "../runtime/native/artifact/artifact_store.ts";
import { openNativeRuntime } from "../runtime/native/native_runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { credentialsRoot } from "../secrets/credentials.ts";
import { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings/settings.ts";
import { createSource } from "../source/create_source.ts";
import { buildSnapshot, type DeviceFacts, type LiveValues } from "../status/build_snapshot.ts";
import { SnapshotFeed } from "../status/snapshot_feed.ts";
import { dataDir } from "../store/data_dir.ts";
import { DeliveryLog } from "../store/delivery_log.ts";
import { ImageInventory } from "../store/image_inventory.ts";
import { Journal } from "../store/journal.ts";
import { notifyFile } from "../store/notify_state.ts";
import type { StateDisk } from "../store/state_writer.ts";
import { newerFiles, newerSentence } from "../store/versioned_file.ts";
import { attemptClock, CrashGuard } from "../sync/crash_guard.ts";
import { deviceFacts } from "../sync/device_facts.ts";
import { Syncer } from "../sync/syncer.ts";
import { revisionVerifier } from "../sync/verify_revision.ts";
import { OWN_EXECUTABLE } from "../upgrade/own_executable.ts";
import { upgradePaths } from "../upgrade/upgrade_trial.ts";
import { VERSION } from "../version.ts";
import { stateDisk } from "./claim_data_dir.ts";
import type { DaemonEnd } from "./daemon_end.ts";
import { uptimeSeconds } from "./device_id.ts";
import { type Notifier, openNotifier } from "./notifier.ts";
import { unsavedStatus } from "./unsaved_state.ts";
import { UpgradeFollower } from "./upgrade_follower.ts";
import { Watchdog } from "./watchdog.ts";

interface OpenOptions {
  settings: Settings;
  id: string;
  /** Writes the state. Omit to use a disk of its own. */
  disk?: StateDisk;
  signal: AbortSignal;
  /** Ends the daemon from inside. A command without a daemon has none. */
  stop?: (end: DaemonEnd) => void;
  clock?: Clock;
  watchdog?: Watchdog;
}

/** The parts, each the owner of its state. `daemon.ts` runs their loops. */
export interface DaemonParts extends OperationDeps {
  readonly prober: Prober;
  readonly journal: Journal;
  readonly notifier: Notifier;
  readonly upgrade: UpgradeFollower;
  stop(end: DaemonEnd): void;
  /** Closes every part. Instances go on running. */
  close(): Promise<void>;
}

/** Opens every part; nothing runs yet. Throws a `Failure` for settings or a data_dir that cannot be used. */
export async function openDaemonParts(options: OpenOptions): Promise<DaemonParts> {
  const { settings, id, signal: stopped, stop = () => {}, clock = systemClock } = options;
  const { watchdog = new Watchdog(clock) } = options;
  const disk = options.disk ?? stateDisk({ root: settings.dataDir, retryMs: settings.repo.intervalMs });
  const dir = dataDir(settings.dataDir, id);
  const { diskReserveBytes } = settings.limits;
  const artifacts = new ArtifactStore({ dir: dir.artifacts, diskReserveBytes, clock });

  const known = () => ({ record: state.source, source, target: deviceFacts(settings, state.source.current) });
  const admit = revisionVerifier({ trust: settings.trust, clock, known });
  const source = createSource(settings.repo, { gitDir: dir.repository, clock, admit, diskReserveBytes });
  const { url, branch } = source;
  const identity = { url, branch, device: settings.device };
  const lastStateWrite = await Deno.stat(dir.source).then((info) => info.mtime?.getTime() ?? null, () => null);
  const state = await openStateStore(dir, { disk, identity });
  const { identityFile } = settings.secrets;
  // A file that the owner names is the owner's to make.
  const vault = await Vault.open(identityFile ?? dir.identity, { make: identityFile === null });
  const journal = await Journal.read(dir.journal, disk);
  const notifier = await openNotifier(settings, { file: notifyFile(dir.notify, disk), clock });
  const guard = await CrashGuard.open(dir.attempt, { uptime: await attemptClock(), now: clock.now() });
  const deliveries = await DeliveryLog.open(dir.deliveries, disk);
  // Last: when a step before fails, there is nothing to close.
  const runtimes = await openRuntimes({ settings, id, disk, artifacts, clock });

  const trigger = new Trigger(clock);
  const clockMonitor = new ClockMonitor(clock, lastStateWrite);
  const events = new EventLog(clock);
  const observer = new Observer({ runtimes, clock });
  const prober = new Prober({ runtimes, clock, changed: () => trigger.fire() });
  const usage = new UsageHistory({
    runtimes,
    clock,
    instances: () => observer.instances,
    isWatched: () => feed.isWatched,
    changed: () => feed.notify(),
  });
  const executor: Executor = new Executor({
    runtimes,
    states: state.workloads,
    observer,
    journal,
    vault,
    source,
    dir,
    events,
    clock,
    stopped,
    portRange: settings.native.portRange,
    listenPort: settings.listenPort,
    maxDiskWaitMs: settings.repo.intervalMs,
    view: () => ({ plan: reconciler.plan, isShuttingDown: reconciler.shutdown !== null }),
    onProgress() {
      trigger.fire();
      feed.notify();
    },
    onEnd: () => trigger.fire(),
  });
  const sync: Syncer = new Syncer({
    settings,
    source,
    state,
    observer,
    executor,
    vault,
    guard,
    events,
    clock,
    stopped,
    filesDir: dir.files,
    onProgress: () => feed.notify(),
    onEnd: () => trigger.fire(),
  });
  const failures = new FailureReports({ runtimes, observer, prober, states: state.workloads, events });
  const facts = factsOf({ settings, id, source, runtimes, startedAt: clockMonitor.startedAt });
  const live = (): LiveValues => ({
    device: {
      uptime_s: uptimeSeconds(),
      upgrade: upgrade.status,
      recipient: vault.recipient,
      state_set_aside: newerFiles().map(newerSentence),
      state_unsaved: unsavedStatus(disk.unsaved),
    },
    daemon: { rss_bytes: Deno.memoryUsage().rss },
    source: { sync: sync.status.sync, progress: sync.status.progress },
    events: events.recent,
    deliveries: [...deliveries.deliveries],
    notifications: notifier.outbox.status(),
    workload: (status) => ({ ...usage.withLatest(status), last_lines: failures.linesOf(status.name) }),
  });
  const initial = buildSnapshot({
    facts,
    source: sync.sourceProgress(),
    planned: null,
    pendingRemoval: null,
    progress: NO_PROGRESS,
    observations: [],
    states: state.workloads.all,
    operations: new Map(),
    probeResults: () => [],
    notSelected: [],
    now: clock.now(),
  });
  const feed: SnapshotFeed = new SnapshotFeed({ initial, live, onNotify: () => notifier.trigger.fire() });
  const reconciler: Reconciler = new Reconciler({
    settings,
    sync,
    state,
    observer,
    executor,
    prober,
    failures,
    runtimes,
    artifacts,
    events,
    feed,
    facts,
    clock,
    clockMonitor,
    dir,
    trigger,
    watchdog,
    stopped,
    identity: { ...identity, labels: settings.labels },
  });
  const deps = { settings, clock, clockMonitor, sync, reconciler, executor, events, feed, stopped };
  const upgrade: UpgradeFollower = new UpgradeFollower({ ...deps, stop });
  const close = async () => {
    prober.close();
    usage.close();
    await guard.interrupt();
    await journal.close();
    await deliveries.close();
    await disk.close();
    await Promise.all([...runtimes.values()].map((runtime) => runtime.close()));
  };
  const parts = { dir, disk, source, vault, guard, runtimes, state, observer, usage, deliveries };
  return { ...deps, ...parts, prober, journal, notifier, upgrade, stop, close };
}

function factsOf(
  { settings, id, source, runtimes, startedAt }: {
    settings: Settings;
    id: string;
    source: DeviceFacts["source"];
    runtimes: ReadonlyMap<RuntimeName, Runtime>;
    startedAt: number;
  },
): DeviceFacts {
  const { url, branch, ref, path } = source;
  return {
    device: { name: settings.device, id, labels: settings.labels, arch: Deno.build.arch },
    daemon: { version: VERSION, pid: Deno.pid, started_at: isoTime(startedAt) },
    source: { url, branch, ref, path },
    enabledRuntimes: [...runtimes.keys()],
  };
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
      // A process that can write to the executable is root at its next start.
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
