/**
 * Watches whether the wall clock is plausible and whether somebody sets it. A board without a battery starts in 1970, or
 * at the time when it was last on, and its clock jumps once a time server answers.
 */
import type { Clock } from "../clock.ts";
import { logger } from "../log.ts";
import { clockDoubt } from "./pipeline/gates/clock_sync.ts";

const log = logger("reconciler");

/** A smaller difference is the work of a time server that keeps the clock right. */
const CLOCK_SET_MS = 5000;

export class ClockMonitor {
  readonly #clock: Clock;
  readonly #lastStateWrite: number | null;
  readonly #startedMonotonic: number;
  /** The wall clock minus the monotonic clock, at the last check. */
  #offset: number;
  #setAt = 0;
  readonly startedAt: number;

  /** `lastStateWrite` is when the daemon before this one last wrote state, in ms since 1970: the present is not earlier. */
  constructor(clock: Clock, lastStateWrite: number | null) {
    this.#clock = clock;
    this.#lastStateWrite = lastStateWrite;
    this.startedAt = clock.now();
    this.#startedMonotonic = clock.monotonic();
    this.#offset = this.startedAt - this.#startedMonotonic;
  }

  /** When the clock was last set, by the new time; 0 when it never was. */
  get setAt(): number {
    return this.#setAt;
  }

  /** How long this daemon has run, in ms. */
  get uptimeMs(): number {
    return this.#clock.monotonic() - this.#startedMonotonic;
  }

  /** The earliest time that it can be: the state was written before this daemon began, and the daemon has run since. */
  get earliestNow(): number {
    return Math.max(this.#clock.now(), (this.#lastStateWrite ?? 0) + this.uptimeMs);
  }

  /** Why the clock cannot be right; null when nothing speaks against it. */
  get doubt(): string | null {
    return clockDoubt({ now: this.#clock.now(), lastKnown: this.#lastStateWrite });
  }

  /** Returns whether the clock was set since the last check. */
  check(): boolean {
    const now = this.#clock.now();
    const offset = now - this.#clock.monotonic();
    const jumpedMs = offset - this.#offset;
    this.#offset = offset;
    if (Math.abs(jumpedMs) < CLOCK_SET_MS) return false;
    log.info("the clock was set {direction} by {seconds} s", {
      direction: jumpedMs > 0 ? "forward" : "back",
      seconds: Math.round(Math.abs(jumpedMs) / 1000),
    });
    this.#setAt = now;
    return true;
  }
}
