/** Runs a device: serves its page and its socket, turns the loops until told to stop, and leaves the instances running. */
import { systemClock } from "../clock.ts";
import { createPageApp } from "../http/page_app.ts";
import { createControlApp } from "../http/control_app.ts";
import { serve, type Served } from "../http/serve_page.ts";
import { logger } from "../log.ts";
import { trimMemoryWhenIdle } from "./memory_trim.ts";
import { reapOrphans } from "../os/reaper.ts";
import type { Settings } from "../settings/settings.ts";
import { removeFetched } from "../source/cache/cache_directory.ts";
import { removeLeftovers } from "../store/remove_leftovers.ts";
import { loadFromDisk, reportInterruptedOperations } from "./boot.ts";
import { appDeps, controlDeps } from "../operations/operations.ts";
import { addEvent, type DaemonEnd, type Device } from "./device.ts";
import { imageUpdateLoop } from "../reconciler/image_update_loop.ts";
import { claimDataDir } from "./claim_data_dir.ts";
import { handleShutdown } from "./shutdown.ts";
import { Watchdog } from "./watchdog.ts";
import { watchUnsavedState } from "./unsaved_state.ts";
import { serveControl } from "./serve_control.ts";
import type { ConfigReload } from "./config_reload.ts";
import { SdNotify } from "./sd_notify.ts";
import { statusLine } from "./status_line.ts";
import { reportUnhandled } from "./unhandled_rejections.ts";
import { notifyLoop } from "./notify_loop.ts";
import { closeDevice, openDevice } from "./create_device.ts";
import { reconcileLoop } from "../reconciler/reconciler.ts";
import { upgradeLoop } from "./upgrade_loop.ts";
import { confirmTrial, reportUpgrade } from "./confirm_trial.ts";
import { syncLoop } from "../sync/sync_loop.ts";

const log = logger("daemon");

/** What dies early dies by then: until it has passed, a new executable or new settings may still be wrong. */
const SETTLED_MS = 10_000;

/** For a daemon that nobody listens to. */
const NO_NOTIFY = new SdNotify({ socket: null });

export interface DaemonOptions {
  settings: Settings;
  /** Aborting it ends the daemon in order; instances go on running, but for a machine that goes down. */
  signal: AbortSignal;
  /** Who hears how it is; absent: nobody. */
  notify?: SdNotify;
  /** Beats as long as there is progress. */
  watchdog?: Watchdog;
  /** Answers wishes that the settings be read again; absent: they are refused. */
  configReload?: ConfigReload;
  /** Called once: the lock is held, page and socket are served, the boot from disk is done, the first pass has ended. */
  ready?: (where: { port: number; device: Device }) => void;
  /** Called once, when it has been ready and has lived for ten seconds more. */
  settled?: (device: Device) => void;
}

/**
 * Runs the daemon. Resolves with why it has ended, when all that it held is free again. Throws `LockHeld` when another
 * one has the data_dir, and `Failure` for what keeps it from starting at all.
 */
export async function runDaemon(
  { settings, signal, notify = NO_NOTIFY, watchdog = new Watchdog(systemClock), configReload, ready, settled }:
    DaemonOptions,
): Promise<DaemonEnd> {
  watchdog.begin();
  using claim = await claimDataDir(settings);
  const { id, dir, disk } = claim;
  await removeLeftovers(dir);
  await removeFetched(dir.preview);

  const own = new AbortController();
  let end = "stopped" as DaemonEnd;
  const stop = (why: DaemonEnd) => {
    if (!own.signal.aborted) end = why;
    own.abort(new Error(why));
  };
  const device = await openDevice({ settings, id, disk, signal: own.signal, stop, watchdog });
  using _unhandled = reportUnhandled((message) => {
    addEvent(device, { workload: null, reason: "internal_error", message });
  });
  watchUnsavedState(device);
  const reaper = reapOrphans();
  configReload?.onDaemonStart(() => stop("reload"));
  using _told = handleShutdown(device, { signal, notify });
  const served: Served[] = [];
  try {
    // The control socket first: its failure (a path that is too long) must not leave a page behind.
    served.push(...await serveControl(createControlApp(controlDeps(device, configReload)), dir));
    const page = await serve(createPageApp(appDeps(device)), {
      address: settings.listenAddress,
      port: settings.listenPort,
    });
    served.push(page);
    const where = { device: settings.device, address: settings.listenAddress, port: page.port };
    log.info("{device} is up, its page is on {address}:{port}", where);

    for (const runtime of device.runtimes.values()) {
      runtime.watch(() => {
        device.changed.add(runtime.name);
        device.trigger.fire();
      });
    }
    await loadFromDisk(device);
    await reportInterruptedOperations(device);
    await reportUpgrade(device);
    device.usage.begin();
    using _memory = trimMemoryWhenIdle(() => device.operations.size > 0);
    const passed = () => {
      if (device.shutdownKind === null && device.snapshot !== null) notify.status(statusLine(device.snapshot));
      if (device.reconcileCount > 1) return;
      notify.ready();
      ready?.({ port: page.port, device });
      systemClock.sleep(SETTLED_MS, device.stopped).then(async () => {
        await confirmTrial(device);
        settled?.(device);
      }).catch(() => {});
    };
    const loops = [syncLoop(device), imageUpdateLoop(device), upgradeLoop(device), notifyLoop(device)];
    await Promise.all([reconcileLoop(device, passed), ...loops]);
    return end;
  } finally {
    watchdog.begin();
    await Promise.all(served.map((one) => one.close()));
    await closeDevice(device);
    reaper.close();
    log.info(device.shutdownKind === "shutdown" ? "everything is stopped until the machine is back" : ENDS[end]);
  }
}

const ENDS: Record<DaemonEnd, string> = {
  stopped: "stopped; workloads go on running",
  down: "everything is down",
  upgraded: "stopped for another executable; workloads go on running",
  reload: "stopped for new settings; workloads go on running",
};
