/** The last webhook deliveries, and which were accepted before. Losing the file costs history, and a look too many. */
import { dirname } from "node:path";
import type { Delivery } from "../model/snapshot.ts";
import { StateDisk } from "./state_writer.ts";
import type { Format } from "./versioned_file.ts";

/** Enough for a page. */
const KEPT = 50;
/** Forges repeat a delivery within hours. */
const KEPT_IDS = 500;
/** Deliveries come in bursts, and a flash card wears. */
const WRITE_AFTER_MS = 3000;

interface Content {
  deliveries: Delivery[];
  /** What only repetitions of a delivery share, of those that were accepted; newest last. */
  accepted: string[];
}

export const DELIVERIES: Format<Content> = {
  version: 1,
  check(value) {
    const { deliveries, accepted } = (value ?? {}) as Partial<Content>;
    const isDelivery = (partial: Partial<Delivery> | null) =>
      [partial?.at, partial?.id, partial?.forge, partial?.event, partial?.verdict, partial?.message].every((text) =>
        typeof text === "string"
      );
    const fits = Array.isArray(deliveries) && deliveries.every(isDelivery) && Array.isArray(accepted) &&
      accepted.every((one) => typeof one === "string");
    return fits ? { deliveries, accepted } : null;
  },
};

export class DeliveryLog {
  readonly #path: string;
  readonly #disk: StateDisk;
  readonly #deliveries: Delivery[];
  readonly #accepted: Set<string>;
  #timer: ReturnType<typeof setTimeout> | null = null;

  private constructor(path: string, disk: StateDisk, { deliveries, accepted }: Content) {
    this.#path = path;
    this.#disk = disk;
    this.#deliveries = deliveries;
    this.#accepted = new Set(accepted);
  }

  static async open(path: string, disk = new StateDisk({ root: dirname(path) })): Promise<DeliveryLog> {
    return new DeliveryLog(path, disk, await disk.read(path, DELIVERIES) ?? { deliveries: [], accepted: [] });
  }

  /** Newest last. */
  get deliveries(): readonly Delivery[] {
    return this.#deliveries;
  }

  /** Whether a delivery with this `once` was accepted before. */
  has(once: string): boolean {
    return this.#accepted.has(once);
  }

  /** `once` is of a delivery that was accepted; null for what may come again. Written a few seconds later. */
  add(delivery: Delivery, once: string | null): void {
    this.#deliveries.push(delivery);
    this.#deliveries.splice(0, this.#deliveries.length - KEPT);
    if (once !== null) this.#accepted.add(once);
    if (this.#accepted.size > KEPT_IDS) this.#accepted.delete(this.#accepted.values().next().value!);
    this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS);
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    await this.#write();
  }

  async #write(): Promise<void> {
    this.#timer = null;
    const content = () => ({ deliveries: this.#deliveries, accepted: [...this.#accepted] });
    await this.#disk.write(this.#path, DELIVERIES, content);
  }
}
