/** Everything one running daemon holds: its parts, and what it knows. Made by `daemon.ts`, used by each step of a pass. */
import type { Clock } from "../clock.ts";
import type { Desired } from "../model/desired.ts";
import type { Observation } from "../model/instance.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Event, Snapshot, SourceStatus, UpgradeStatus } from "../model/snapshot.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { RetryState } from "../reconciler/pipeline/retry_state.ts";
import type { Plan } from "../reconciler/pipeline/plan.ts";
import type { ShutdownKind } from "../reconciler/pipeline/removal/stop_all.ts";
import type { Prober } from "../probe/prober.ts";
import type { ArtifactStore } from "../runtime/native/artifact/artifact_store.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings/settings.ts";
import type { Revision, Source } from "../source/source.ts";
import type { DataDir } from "../store/data_dir.ts";
import type { DeliveryLog } from "../store/delivery_log.ts";
import type { Journal } from "../store/journal.ts";
import type { WorkloadStateStore } from "../store/workload_state_store.ts";
import type { SourceState } from "../store/source_state.ts";
import type { StateDisk } from "../store/state_disk.ts";
import type { Notifier } from "./notifier.ts";
import type { Watchdog } from "./watchdog.ts";
import type { CrashGuard } from "../sync/crash_guard.ts";
import type { UsageHistory } from "../reconciler/usage_history.ts";
import type { Trigger } from "../async/trigger.ts";
import { isoTime } from "../model/iso_timestamp.ts";

/** Actions of one workload being carried out. */
export interface Operation {
  /** The last thing it said of itself; null before the first. */
  progress: string | null;
  /** The fingerprint of the spec for which something is being brought; null while nothing is. */
  preparing: string | null;
  /** Aborted when nobody wants that spec any more. */
  readonly superseded: AbortController;
}

/**
 * Why a daemon ended: it was told to; everything was stopped for good, which whoever starts daemons should take for a
 * wish not to start it again; another executable lies in its place, which is to be started; its settings have changed,
 * and another daemon of the same process goes on with the new ones.
 */
export type DaemonEnd = "stopped" | "down" | "upgraded" | "reload";

export interface Device {
  readonly id: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly dir: DataDir;
  /** Writes the state; `unsaved` says why it cannot. */
  readonly disk: StateDisk;
  readonly startedAt: number;
  /** When the state was last written by the daemon before, in ms since 1970: it cannot be earlier now. Null where it is new. */
  readonly lastStateWrite: number | null;
  /** The monotonic clock at `startedAt`. */
  readonly startedMonotonic: number;
  /** The clock minus the monotonic one, at the last pass. */
  clockOffset: number;
  /** When the clock was last seen to be set, by itself; 0: never. */
  clockSetAt: number;
  readonly source: Source;
  readonly runtimes: ReadonlyMap<RuntimeName, Runtime>;
  readonly artifacts: ArtifactStore;
  readonly vault: Vault;
  readonly prober: Prober;
  readonly usage: UsageHistory;
  readonly workloadStates: WorkloadStateStore;
  readonly journal: Journal;
  /** Turns of the pass loop. */
  readonly trigger: Trigger;
  /** Turns of the sync loop. */
  readonly syncTrigger: Trigger;
  /** Ends all that the daemon has under way; instances go on. */
  readonly stopped: AbortSignal;
  /** Ends the daemon; the first word counts. */
  readonly stop: (end: DaemonEnd) => void;

  /** Null until a revision was read for the first time. */
  desired: Desired | null;
  /** Set once everything is to be stopped: nothing is started any more. */
  shutdownKind: ShutdownKind | null;
  /** Set when what manifests choose devices by has changed: the same revision asks for other workloads then. */
  reloadRevision: boolean;
  revision: Pick<Revision, "id" | "subject" | "author"> | null;
  /** The note of the revision that is processed, and of one that is set aside. */
  readonly processing: CrashGuard;
  /** What the files of workloads need that did not fit on the disk; null when all fitted. */
  lackingBytes: number | null;
  sourceState: SourceState;
  sourceStatus: Pick<SourceStatus, "sync" | "last_sync_at" | "progress" | "error" | "delayed">;
  /** How many looks at the repository have ended, and whether one is under way: what `sync --wait` waits for. */
  syncCount: number;
  syncing: boolean;

  reconcileCount: number;
  readonly watchdog: Watchdog;
  observations: Observation[];
  /** Runtimes that said that something changed; empty for a turn with another cause, which looks at all. */
  readonly changed: Set<RuntimeName>;
  /** Runtimes that have answered since the daemon started. */
  readonly answered: Set<RuntimeName>;
  /** Since when each runtime has answered without a break. */
  readonly answeringSince: Map<RuntimeName, number>;
  plan: Plan;
  /** What `plan` and the snapshot were made of: the object, not its revision, since reading again makes another one. */
  planned: Desired | null;
  /** Of workloads that failed for good, their last output, by the instance that wrote it. */
  readonly lastLines: Map<string, { instanceId: string; lines: string[] }>;
  /** Instances whose turn to unhealthy was told. */
  readonly reportedUnhealthy: Set<string>;
  readonly operations: Map<string, Operation>;
  readonly retries: Map<string, RetryState>;
  readonly forcedRestarts: Set<string>;

  /** What git asks of HarborNode itself; null for nothing. */
  upgrade: UpgradeStatus | null;
  snapshot: Snapshot | null;
  readonly events: Event[];
  readonly deliveries: DeliveryLog;
  /** Who is told of this device by itself. */
  readonly notifier: Notifier;
  readonly listeners: Set<() => void>;
}

/** Events are for reading, not for keeping: enough for a page. */
const MAX_EVENTS = 50;

export function addEvent(
  device: Device,
  event: { workload: string | null; reason: ReasonCode; message: string },
): void {
  device.events.push({ at: isoTime(device.clock.now()), ...event });
  device.events.splice(0, device.events.length - MAX_EVENTS);
}

/** Calls everybody who asked to hear when the snapshot is another. */
export function notifyListeners(device: Device): void {
  for (const listener of device.listeners) listener();
  device.notifier.trigger.fire();
}

/** Until the function that it returns is called. */
export function subscribe(device: Device, listener: () => void): () => void {
  device.listeners.add(listener);
  return () => device.listeners.delete(listener);
}
