/**
 * Whether the daemon makes progress, told to systemd as long as it does. A process that is there and does nothing is
 * worse than one that has died: that one is started again.
 */
import type { Clock } from "../clock.ts";
import type { SdNotify } from "./sd_notify.ts";

/**
 * A pass waits for nothing but a look at the runtimes and small writes. A Docker that hangs is given up after a minute
 * or two, and a worn memory card may stall for half of one; pulls and stops run beside the passes.
 */
export const MAX_RECONCILE_MS = 180_000;

/** Signs of life within the time that systemd waits for one: a late one must not be the last. */
const NOTIFICATIONS_PER_INTERVAL = 3;

/** It beats while there is nothing to do, and while what there is to do does not take too long. */
export class Watchdog {
  readonly #clock: Clock;
  #busySince: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A step begins that must come to its end soon. */
  begin(): void {
    this.#busySince = this.#clock.monotonic();
  }

  /** The step has ended, and whatever comes next is waited for. */
  end(): void {
    this.#busySince = null;
  }

  get isHealthy(): boolean {
    return this.#busySince === null || this.#clock.monotonic() - this.#busySince < MAX_RECONCILE_MS;
  }
}

/** Signs of life from now on, by a timer of the event loop: should that be stuck, there are none. */
export function startWatchdog(watchdog: Watchdog, notify: SdNotify): Disposable {
  if (notify.watchdogMs === null) return { [Symbol.dispose]() {} };
  const timer = setInterval(() => {
    if (watchdog.isHealthy) notify.alive();
  }, notify.watchdogMs / NOTIFICATIONS_PER_INTERVAL);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
