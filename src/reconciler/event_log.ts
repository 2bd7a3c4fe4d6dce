/** The last events of this device, for the page, the CLI and the API. Nothing is decided from them. */
import type { Clock } from "../clock.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Event } from "../model/snapshot.ts";

/** Enough for a page. */
const MAX_EVENTS = 50;

/** An event of a workload, or of the device (`workload` is null). */
export interface NewEvent {
  workload: string | null;
  reason: ReasonCode;
  message: string;
}

export class EventLog {
  readonly #clock: Pick<Clock, "now">;
  readonly #events: Event[] = [];

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  add(event: NewEvent): void {
    this.#events.push({ at: isoTime(this.#clock.now()), ...event });
    this.#events.splice(0, this.#events.length - MAX_EVENTS);
  }

  /** A copy, the newest event last. */
  get recent(): Event[] {
    return [...this.#events];
  }
}
