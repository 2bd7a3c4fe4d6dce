/** `POST /webhook?wait=1`: what became of it, as lines of JSON, as `harbornode sync --wait` shows it. */
import type { LongOperation, SyncOutcome } from "../control_app.ts";
import { jsonLines } from "../event_stream.ts";

/** Each holds a connection; a CI needs one. */
const MAX_WAITERS = 8;
/** The longest rollout that somebody should keep a connection open for. */
const DEADLINE_MS = 30 * 60_000;
/** Below the idle timeout of common proxies (nginx: 60 s). */
const REPEAT_EVERY_MS = 15_000;

interface Question {
  /** Of the delivery. */
  id: string;
  sync(options: LongOperation & { wait: true }): Promise<SyncOutcome>;
}

export class SyncStreams {
  #count = 0;

  /**
   * Lines `{"progress":"..."}`, and a last one with `ok`. Null when too many wait. The wait ends when the client
   * leaves; what it has asked for goes on.
   */
  answer({ id, sync }: Question): Response | null {
    if (this.#count >= MAX_WAITERS) return null;
    this.#count++;
    return jsonLines(async (send, left) => {
      let last = "the repository is looked at now";
      const progress = (message: string) => {
        last = message;
        send({ progress: message });
      };
      progress(last);
      const repeat = setInterval(() => progress(last), REPEAT_EVERY_MS);
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), DEADLINE_MS);
      try {
        const signal = AbortSignal.any([left, deadline.signal]);
        const { ok, revision, message, hint } = await sync({ wait: true, progress, signal });
        send({ accepted: true, id, ok, revision, message, hint });
      } catch {
        const why = deadline.signal.aborted ? "is still under way after 30 min" : "was cut off: the daemon ends";
        send({ accepted: true, id, ok: false, revision: null, message: `what was asked for ${why}`, hint: null });
      } finally {
        clearInterval(repeat);
        clearTimeout(timer);
        this.#count--;
      }
    });
  }
}
