/** Parts of the daemon that operations of the operator read and change. Each operation takes the parts that it needs. */
import type { Clock } from "../clock.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { ClockMonitor } from "../reconciler/clock_monitor.ts";
import type { EventLog } from "../reconciler/event_log.ts";
import type { Executor } from "../reconciler/executor/executor.ts";
import type { Observer } from "../reconciler/observer.ts";
import type { Reconciler } from "../reconciler/reconciler.ts";
import type { StateStore } from "../reconciler/state_store.ts";
import type { UsageHistory } from "../reconciler/usage_history.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings/settings.ts";
import type { Source } from "../source/source.ts";
import type { SnapshotFeed } from "../status/snapshot_feed.ts";
import type { DataDir } from "../store/data_dir.ts";
import type { DeliveryLog } from "../store/delivery_log.ts";
import type { StateDisk } from "../store/state_writer.ts";
import type { CrashGuard } from "../sync/crash_guard.ts";
import type { Syncer } from "../sync/syncer.ts";

export interface OperationDeps {
  readonly settings: Settings;
  readonly dir: DataDir;
  readonly clock: Clock;
  readonly clockMonitor: ClockMonitor;
  readonly disk: StateDisk;
  readonly source: Source;
  readonly vault: Vault;
  readonly guard: CrashGuard;
  readonly runtimes: ReadonlyMap<RuntimeName, Runtime>;
  readonly state: StateStore;
  readonly observer: Observer;
  readonly executor: Executor;
  readonly sync: Syncer;
  readonly reconciler: Reconciler;
  readonly events: EventLog;
  readonly feed: SnapshotFeed;
  readonly usage: UsageHistory;
  readonly deliveries: DeliveryLog;
  /** Aborts when the daemon ends. */
  readonly stopped: AbortSignal;
  /** Ends the daemon. The first call counts. */
  stop(end: "down"): void;
}
