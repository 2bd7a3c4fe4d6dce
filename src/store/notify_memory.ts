/** What must still be said to others after a restart, and what was said. Losing it costs messages, nothing else. */
import { dirname } from "node:path";
import { StateDisk } from "./state_disk.ts";
import type { Format } from "./versioned_file.ts";

/** When somebody was last told of a thing; `silent`: it came back too soon to tell it again; `over`: it is no more. */
export interface Told {
  /** Milliseconds since 1970. */
  at: number;
  state: "told" | "silent" | "over";
}

export interface QueuedMessage {
  /** The same for every try. */
  id: string;
  /** The name of whom it is for. */
  target: string;
  /** What is newer takes the place of what has the same topic; null: it stands for itself. */
  topic: string | null;
  /** JSON, as its sender understands it. */
  content: unknown;
  tries: number;
  /** Not before; milliseconds since 1970. */
  notBefore: number;
}

export interface NotifyMemory {
  /** Oldest first. */
  queue: QueuedMessage[];
  /** By target, then by what was told. */
  told: Record<string, Record<string, Told>>;
  /** The last states that the forge was told, oldest first. */
  states: { revision: string; state: "pending" | "success" | "failure" | "superseded"; description: string }[];
  /** By target. */
  targets: Record<string, { lost: number; sentAt: number | null; error: string | null }>;
}

export const NOTIFICATIONS: Format<NotifyMemory> = {
  version: 1,
  check(value) {
    const { queue, told, states, targets } = (value ?? {}) as Partial<NotifyMemory>;
    const isTable = (one: unknown) => one !== null && typeof one === "object" && !Array.isArray(one);
    const isMessage = (one: Partial<QueuedMessage> | null) =>
      typeof one?.id === "string" && typeof one.target === "string" && typeof one.tries === "number" &&
      typeof one.notBefore === "number";
    const fits = Array.isArray(queue) && queue.every(isMessage) && Array.isArray(states) && isTable(told) &&
      isTable(targets);
    return fits ? value as NotifyMemory : null;
  },
};

/** Where it is written. */
export interface NotifyFile {
  path: string;
  disk: StateDisk;
}

export function notifyFile(path: string, disk: StateDisk = new StateDisk({ root: dirname(path) })): NotifyFile {
  return { path, disk };
}

export async function readNotifyMemory({ path, disk }: NotifyFile): Promise<NotifyMemory> {
  return await disk.read(path, NOTIFICATIONS) ?? { queue: [], told: {}, states: [], targets: {} };
}

/** Writes it as it is when the disk takes it. Never rejects. */
export function writeNotifyMemory({ path, disk }: NotifyFile, memory: NotifyMemory): Promise<void> {
  return disk.write(path, NOTIFICATIONS, () => memory);
}
