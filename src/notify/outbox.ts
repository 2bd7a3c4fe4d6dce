/** A bounded queue for each target that outlives the daemon: at least once, in order, and given up at some point. */
import type { Clock } from "../clock.ts";
import { logger } from "../log.ts";
import type { NotifyStatus } from "../model/snapshot.ts";
import { type NotifyFile, type NotifyState, type QueuedMessage, writeNotifyState } from "../store/notify_state.ts";
import type { Outcome } from "./send_once.ts";

const log = logger("notify");

/** A device that has no network for a week has more to say than anybody reads. */
const MAX_WAITING = 100;
/** With the delays between them, some five hours. */
const MAX_TRIES = 15;
const FIRST_DELAY_MS = 5000;
const MOST_DELAY_MS = 3_600_000;

export interface OutboxOptions {
  file: NotifyFile;
  notifyState: NotifyState;
  clock: Clock;
  /** By target: says one message. Rejects only with the signal's reason. */
  senders: ReadonlyMap<string, (message: QueuedMessage, signal: AbortSignal) => Promise<Outcome>>;
  /** From 0 to 1. */
  jitter(): number;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #underWay = new Set<QueuedMessage>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    const { notifyState, senders } = options;
    // Who is no target any more has nothing to hear.
    notifyState.queue = notifyState.queue.filter(({ target }) => senders.has(target));
    const targets = Object.entries(notifyState.targets).filter(([target]) => senders.has(target));
    notifyState.targets = Object.fromEntries(targets);
  }

  /** Puts it at the end, in memory; `save` makes it last. */
  add(message: Pick<QueuedMessage, "target" | "topic" | "content">): void {
    const { notifyState } = this.#options;
    const isReplaced = (queuedMessage: QueuedMessage) =>
      message.topic !== null && queuedMessage.topic === message.topic && queuedMessage.target === message.target;
    notifyState.queue = notifyState.queue.filter((queuedMessage) =>
      this.#underWay.has(queuedMessage) || !isReplaced(queuedMessage)
    );
    notifyState.queue.push({ id: crypto.randomUUID(), ...message, tries: 0, notBefore: 0 });
    const own = this.#waiting(message.target);
    const oldest = own.find((queuedMessage) => !this.#underWay.has(queuedMessage));
    if (own.length > MAX_WAITING && oldest !== undefined) this.#lose(oldest, "more waits than is kept");
  }

  /** Never throws: a full disk costs messages after a restart, nothing else. */
  async save(): Promise<void> {
    await writeNotifyState(this.#options.file, this.#options.notifyState);
  }

  /**
   * Says what is due to the target, one after the other. Returns after how many milliseconds there is more to do; null:
   * when something is added. One call at a time for a target.
   */
  async deliver(target: string, signal: AbortSignal): Promise<number | null> {
    const { clock, senders } = this.#options;
    while (true) {
      const message = this.#waiting(target)[0];
      if (message === undefined) return null;
      const waitMs = message.notBefore - clock.now();
      // Further away than any delay: the clock was set back meanwhile.
      if (waitMs > 0 && waitMs <= 2 * MOST_DELAY_MS) return waitMs;
      this.#underWay.add(message);
      try {
        this.#settle(message, await senders.get(target)!(message, signal));
      } finally {
        this.#underWay.delete(message);
      }
      await this.save();
    }
  }

  status(): NotifyStatus[] {
    return [...this.#options.senders.keys()].map((name) => {
      const { lost, sentAt, error } = this.#of(name);
      const sent_at = sentAt === null ? null : new Date(sentAt).toISOString();
      return { name, waiting: this.#waiting(name).length, lost, sent_at, error };
    });
  }

  #settle(message: QueuedMessage, outcome: Outcome): void {
    const own = this.#of(message.target);
    if (outcome.type === "said") {
      this.#remove(message);
      own.sentAt = this.#options.clock.now();
      own.error = null;
      return;
    }
    own.error = outcome.why;
    message.tries++;
    const { target } = message;
    if (outcome.type === "refused") return this.#lose(message, outcome.why);
    if (message.tries >= MAX_TRIES) return this.#lose(message, `tried ${MAX_TRIES} times: ${outcome.why}`);
    if (message.tries === 1) log.warn("{target} could not be told: {why}", { target, why: outcome.why });
    message.notBefore = this.#options.clock.now() + this.#delayMs(message.tries, outcome.afterMs);
  }

  /** Doubled each time, and never all devices at once. Asked for longer, it waits longer. */
  #delayMs(tries: number, askedMs: number | null): number {
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (tries - 1), MOST_DELAY_MS) * (0.75 + this.#options.jitter() / 2);
    return Math.min(Math.max(delayMs, askedMs ?? 0), 2 * MOST_DELAY_MS);
  }

  #lose(message: QueuedMessage, why: string): void {
    this.#remove(message);
    const own = this.#of(message.target);
    own.lost++;
    own.error = why;
    log.error("a message to {target} was given up: {why}", { target: message.target, why });
  }

  #remove(message: QueuedMessage): void {
    const { notifyState } = this.#options;
    notifyState.queue = notifyState.queue.filter((queuedMessage) => queuedMessage !== message);
  }

  #waiting(target: string): QueuedMessage[] {
    return this.#options.notifyState.queue.filter((queuedMessage) => queuedMessage.target === target);
  }

  #of(target: string) {
    return this.#options.notifyState.targets[target] ??= { lost: 0, sentAt: null, error: null };
  }
}
