/** Runs a device: serves its page and its socket, turns the loops until told to stop, and leaves the instances running. */
import { systemClock } from "../clock.ts";
import { createApp } from "../http/app.ts";
import { createControlApp } from "../http/control.ts";
import { serve, type Served } from "../http/serve.ts";
import { logger } from "../log.ts";
import { giveBackWhenCalm } from "../runtime/native/process/give_back.ts";
import { reapOrphans } from "../runtime/native/process/reaper.ts";
import type { Settings } from "../settings/settings.ts";
import { removeFetched } from "../source/held/fetched_directory.ts";
import { removeLeftovers } from "../store/leftovers.ts";
import { bootFromDisk, tellUnfinished } from "./boot.ts";
import { controlDeps, pageDeps } from "./control.ts";
import { addEvent, type DaemonEnd, type Device } from "./device.ts";
import { imageUpdateLoop } from "./image/updates.ts";
import { claimDataDir } from "./process/claim.ts";
import { leaveWhenTold } from "./process/leave.ts";
import { Heart } from "./process/heart.ts";
import { watchSaving } from "./process/saving.ts";
import { serveControl } from "./process/serve_control.ts";
import type { Reloads } from "./process/reloads.ts";
import { SdNotify } from "./process/sd_notify.ts";
import { statusLine } from "./process/status_line.ts";
import { reportUnhandled } from "./process/unhandled.ts";
import { notifyLoop } from "./notify/loop.ts";
import { closeDevice, openDevice } from "./open_device.ts";
import { passLoop } from "./pass.ts";
import { upgradeLoop } from "./upgrade/loop.ts";
import { settleUpgrade, tellUpgrade } from "./upgrade/own_upgrade.ts";
import { syncLoop } from "./revision/sync.ts";

const log = logger("daemon");

/** What dies early dies by then: until it has passed, a new executable or new settings may still be wrong. */
const SETTLED_MS = 10_000;

/** For a daemon that nobody listens to. */
const NOBODY = new SdNotify({ socket: null });

export interface DaemonOptions {
  settings: Settings;
  /** Aborting it ends the daemon in order; instances go on running, but for a machine that goes down. */
  signal: AbortSignal;
  /** Who hears how it is; absent: nobody. */
  notify?: SdNotify;
  /** Beats as long as there is progress. */
  heart?: Heart;
  /** Answers wishes that the settings be read again; absent: they are refused. */
  reloads?: Reloads;
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
  { settings, signal, notify = NOBODY, heart = new Heart(systemClock), reloads, ready, settled }: DaemonOptions,
): Promise<DaemonEnd> {
  heart.works();
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
  const device = await openDevice({ settings, id, disk, signal: own.signal, stop, heart });
  using _unhandled = reportUnhandled((message) => {
    addEvent(device, { workload: null, reason: "internal_error", message });
  });
  watchSaving(device);
  const reaper = reapOrphans();
  reloads?.begun(() => stop("reload"));
  using _told = leaveWhenTold(device, { signal, notify });
  const served: Served[] = [];
  try {
    // The control socket first: its failure (a path that is too long) must not leave a page behind.
    served.push(...await serveControl(createControlApp(controlDeps(device, reloads)), dir));
    const page = await serve(createApp(pageDeps(device)), {
      address: settings.listenAddress,
      port: settings.listenPort,
    });
    served.push(page);
    const where = { device: settings.device, address: settings.listenAddress, port: page.port };
    log.info("{device} is up, its page is on {address}:{port}", where);

    for (const runtime of device.runtimes.values()) {
      runtime.watch(() => {
        device.changed.add(runtime.name);
        device.wake.now();
      });
    }
    await bootFromDisk(device);
    await tellUnfinished(device);
    await tellUpgrade(device);
    device.usage.begin();
    using _memory = giveBackWhenCalm(() => device.busy.size > 0);
    const passed = () => {
      if (device.goingDown === null && device.snapshot !== null) notify.status(statusLine(device.snapshot));
      if (device.passesEnded > 1) return;
      notify.ready();
      ready?.({ port: page.port, device });
      systemClock.sleep(SETTLED_MS, device.stopped).then(async () => {
        await settleUpgrade(device);
        settled?.(device);
      }).catch(() => {});
    };
    const loops = [syncLoop(device), imageUpdateLoop(device), upgradeLoop(device), notifyLoop(device)];
    await Promise.all([passLoop(device, passed), ...loops]);
    return end;
  } finally {
    heart.works();
    await Promise.all(served.map((one) => one.close()));
    await closeDevice(device);
    reaper.close();
    log.info(device.goingDown === "shutdown" ? "everything is stopped until the machine is back" : ENDS[end]);
  }
}

const ENDS: Record<DaemonEnd, string> = {
  stopped: "stopped; workloads go on running",
  down: "everything is down",
  upgraded: "stopped for another executable; workloads go on running",
  reload: "stopped for new settings; workloads go on running",
};
