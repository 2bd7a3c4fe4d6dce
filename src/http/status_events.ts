/** `GET /api/v1/events`: the whole status at once and after each change, to a bounded number of readers. */
import type { Snapshot } from "../model/snapshot.ts";
import { eventStream } from "./event_stream.ts";

export interface StatusEventsDeps {
  snapshot(): Snapshot;
  subscribe(listener: () => void): () => void;
}

/** Each reader costs a socket and a copy of the status; a page that is open on every desk fits. */
const MAX_READERS = 64;
/** A rollout changes the status many times a second; no eye needs more than this. */
const AT_MOST_EVERY_MS = 250;
/** Below the idle timeout of common proxies (nginx: 60 s). */
const PING_EVERY_MS = 15_000;

export class StatusEvents {
  readonly #deps: StatusEventsDeps;
  #readers = 0;

  constructor(deps: StatusEventsDeps) {
    this.#deps = deps;
  }

  /** Null when there are too many readers. */
  open(): Response | null {
    if (this.#readers >= MAX_READERS) return null;
    this.#readers++;
    return eventStream((send, ended) =>
      new Promise((resolve) => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const show = () => {
          timer = undefined;
          send("status", JSON.stringify(this.#deps.snapshot()));
        };
        const unsubscribe = this.#deps.subscribe(() => timer ??= setTimeout(show, AT_MOST_EVERY_MS));
        const ping = setInterval(() => send("ping", ""), PING_EVERY_MS);
        ended.addEventListener("abort", () => {
          unsubscribe();
          clearInterval(ping);
          clearTimeout(timer);
          this.#readers--;
          resolve();
        }, { once: true });
        show();
      })
    );
  }
}
