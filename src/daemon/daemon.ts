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
import { controlDeps, pageDeps } from "../operations/operations.ts";
import { DAEMON_ENDS, type DaemonEnd } from "./daemon_end.ts";
import { type DaemonParts, openDaemonParts } from "./daemon_parts.ts";
import { reportInterruptedOperations } from "./interrupted_operations.ts";
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
import { confirmTrial, reportUpgrade } from "./confirm_trial.ts";

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
  ready?: (where: { port: number; parts: DaemonParts }) => void;
  /** Called once, when it has been ready and has lived for ten seconds more. */
  settled?: () => void;
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
  const parts = await openDaemonParts({ settings, id, disk, signal: own.signal, stop, watchdog });
  const { events, feed, observer, executor, sync, reconciler, usage, upgrade, runtimes, state, clock, stopped } = parts;
  using _unhandled = reportUnhandled((message) => {
    events.add({ workload: null, reason: "internal_error", message });
  });
  watchUnsavedState(parts);
  const reaper = reapOrphans();
  configReload?.onDaemonStart(() => stop("reload"));
  using _told = handleShutdown(parts, { signal, notify, watchdog, stop });
  const served: Served[] = [];
  try {
    // The control socket first: its failure (a path that is too long) must not leave a page behind.
    served.push(...await serveControl(createControlApp(controlDeps(parts, configReload)), dir));
    const page = await serve(createPageApp(pageDeps(parts)), {
      address: settings.listenAddress,
      port: settings.listenPort,
    });
    served.push(page);
    const where = { device: settings.device, address: settings.listenAddress, port: page.port };
    log.info("{device} is up, its page is on {address}:{port}", where);

    for (const runtime of runtimes.values()) {
      runtime.watch(() => {
        observer.markChanged(runtime.name);
        reconciler.request();
      });
    }
    await sync.loadFromDisk();
    await reportInterruptedOperations(parts.journal, events);
    await reportUpgrade(events);
    usage.begin();
    using _memory = trimMemoryWhenIdle(() => executor.operations.size > 0);
    const passed = () => {
      if (reconciler.shutdown === null) notify.status(statusLine(feed.current));
      if (reconciler.count > 1) return;
      notify.ready();
      ready?.({ port: page.port, parts });
      systemClock.sleep(SETTLED_MS, stopped).then(async () => {
        await confirmTrial(dir.root, events);
        settled?.();
      }).catch(() => {});
    };
    const isShuttingDown = () => reconciler.shutdown !== null;
    const imageUpdates = imageUpdateLoop({
      runtimes,
      states: state.workloads,
      observer,
      busy: executor.operations,
      clock,
      stopped,
      desired: () => sync.desired,
      isShuttingDown,
      onNewImage: () => reconciler.request(),
    });
    const notifications = notifyLoop({ ...parts, isShuttingDown });
    await Promise.all([reconciler.loop(passed), sync.loop(), imageUpdates, upgrade.loop(), notifications]);
    return end;
  } finally {
    watchdog.begin();
    await Promise.all(served.map((one) => one.close()));
    await parts.close();
    reaper.close();
    log.info(reconciler.shutdown === "shutdown" ? "everything is stopped until the machine is back" : DAEMON_ENDS[end]);
  }
}
