/** Docker's event stream: says that something about this device's containers changed, and whether it would be said. */
import type { Clock } from "../../clock.ts";
import { logger } from "../../log.ts";
import { LABEL } from "./container.ts";
import type { Engine } from "./engine.ts";
import { jsonLines } from "./log_stream.ts";
import type { EventLine } from "./api_types.ts";

const log = logger("docker");

/** All that changes what is observed. Commands run inside a container are not among them: a probe would wake us each time. */
const EVENTS = [
  "create",
  "start",
  "restart",
  "die",
  "kill",
  "stop",
  "oom",
  "pause",
  "unpause",
  "rename",
  "update",
  "destroy",
  "health_status",
  "connect",
  "disconnect",
];

/** A missing Docker costs one failed connection in ten seconds; one that comes back is seen soon enough. */
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 10_000;

/** Long enough for an update of the daemon. Also, Docker begins to answer before it begins to listen to itself. */
const PAST_S = 600;

export interface EventsOptions {
  engine: Engine;
  clock: Clock;
  deviceId: string;
  /** The stream is there (true) or has gone (false). While it is there every change is told. */
  connected: (is: boolean) => void;
  /** Something has happened to a container of this device. */
  happened: (containerId: string, event: EventLine) => void;
  /** Whether it is the id of a container of this device. */
  isOwn: (containerId: string) => boolean;
}

export class EngineEvents {
  readonly #options: EventsOptions;
  readonly #closed = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** May be called again: there is one stream. */
  begin(): void {
    this.#loop ??= this.#follow();
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("the Docker runtime is closed"));
    await this.#loop;
  }

  async #follow(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closed;
    // Docker keeps the last few hundred: how containers ended while no daemon was there may be among them.
    let since = Math.floor(clock.now() / 1000) - PAST_S;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#listen(since, (time) => {
          failures = 0;
          since = time ?? since;
        });
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0) log.debug("the event stream ended: {error}", { error });
      }
      const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++);
      await clock.sleep(delay * (0.9 + 0.1 * Math.random()), signal).catch(() => {});
    }
  }

  /** Until the stream ends. `alive` is called with the time of each event, and at the beginning without. */
  async #listen(since: number, alive: (time?: number) => void): Promise<void> {
    const { engine, connected, happened } = this.#options;
    let opened = false;
    const chunks = engine.stream("GET /events", {
      task: "tell of events",
      query: {
        since: String(since),
        // Not by label: the events of networks have none.
        filters: JSON.stringify({ type: ["container", "network"], event: EVENTS }),
      },
      opened() {
        opened = true;
        alive();
        connected(true);
      },
      signal: this.#closed.signal,
    });
    try {
      for await (const event of jsonLines<EventLine>(chunks)) {
        alive(event.time);
        const id = concerned(event, this.#options);
        if (id !== null) happened(id, event);
      }
    } finally {
      if (opened) connected(false);
    }
  }
}

/** The container of this device that it is about; null for somebody else's. */
function concerned({ Type: type, Actor: actor }: EventLine, { deviceId, isOwn }: EventsOptions): string | null {
  const attributes = actor?.Attributes ?? {};
  if (type !== "network") return attributes[LABEL.device] === deviceId ? actor?.ID ?? null : null;
  const { container } = attributes;
  return container !== undefined && isOwn(container) ? container : null;
}
