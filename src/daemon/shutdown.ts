/** The way out of a daemon that is told to stop: workloads go on, unless the machine itself goes down. */
import { logger } from "../log.ts";
import type { OperationDeps } from "../operations/operation_deps.ts";
import type { DaemonEnd } from "./daemon_end.ts";
import type { Watchdog } from "./watchdog.ts";
import { stopAllWorkloads } from "../operations/stop_all_workloads.ts";
import { isSystemShuttingDown } from "./system_shutdown.ts";
import type { SdNotify } from "./sd_notify.ts";

const log = logger("daemon");

/**
 * What is being stopped has a time of its own, of seconds or of half an hour. So systemd hears this often that there is
 * progress, and that it is to wait for so much longer; once that ends it counts by itself.
 */
const EXTEND = { everyMs: 10_000, byMs: 30_000 };

type ShutdownDeps = Pick<OperationDeps, "reconciler" | "observer" | "executor" | "feed" | "stopped">;

interface ShutdownOptions {
  /** Aborting it asks the daemon to stop. */
  signal: AbortSignal;
  notify: SdNotify;
  watchdog: Watchdog;
  /** Ends the daemon. */
  stop(end: DaemonEnd): void;
}

/** From now on until it is disposed of, which is when the daemon has ended. */
export function handleShutdown(
  deps: ShutdownDeps,
  { signal, notify, watchdog, stop }: ShutdownOptions,
): Disposable {
  let timer: ReturnType<typeof setInterval> | undefined;
  const extend = () => {
    if (watchdog.isHealthy) notify.extend(EXTEND.byMs);
  };
  const leave = async () => {
    notify.stopping();
    extend();
    timer = setInterval(extend, EXTEND.everyMs);
    if (await isSystemShuttingDown()) await stopForSystemShutdown(deps, notify);
    stop("stopped");
  };
  // Whatever went wrong with the question: whoever is told to stop stops.
  const begin = () => void leave().catch(() => stop("stopped"));
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", begin);
      clearInterval(timer);
    },
  };
}

/** In order, each with its own signal and time. Nothing remembers it as the owner's word: the next boot starts them. */
async function stopForSystemShutdown(deps: ShutdownDeps, notify: SdNotify): Promise<void> {
  log.info("the machine goes down, and all workloads with it");
  const progress = (message: string) => notify.status(`the machine goes down: ${message}`);
  try {
    const names = await stopAllWorkloads(deps, "shutdown", { progress, signal: deps.stopped });
    log.info("stopped with the machine: {names}", { names: names.join(", ") });
  } catch {
    // Somebody was quicker: the daemon ends already.
  }
}
