/** What must still be said to others after a restart, and what was said. Losing it costs messages, nothing else. */
import { dirname } from "node:path";
import { StateDisk } from "./state_writer.ts";
import type { Format } from "./versioned_file.ts";

/** When somebody was last told of a thing; `silent`: it came back too soon to tell it again; `over`: it is no more. */
export interface SentMessage {
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

export interface NotifyState {
  /** Oldest first. */
  queue: QueuedMessage[];
  /** By target, then by what was told. */
  told: Record<string, Record<string, SentMessage>>;
  /** The last states that the forge was told, oldest first. */
  states: { revision: string; state: "pending" | "success" | "failure" | "superseded"; description: string }[];
  /** By target. */
  targets: Record<string, { lost: number; sentAt: number | null; error: string | null }>;
}

export const NOTIFICATIONS: Format<NotifyState> = {
  version: 1,
  check(value) {
    const { queue, told, states, targets } = (value ?? {}) as Partial<NotifyState>;
    const isTable = (one: unknown) => one !== null && typeof one === "object" && !Array.isArray(one);
    const isMessage = (partial: Partial<QueuedMessage> | null) =>
      typeof partial?.id === "string" && typeof partial.target === "string" && typeof partial.tries === "number" &&
      typeof partial.notBefore === "number";
    const fits = Array.isArray(queue) && queue.every(isMessage) && Array.isArray(states) && isTable(told) &&
      isTable(targets);
    return fits ? value as NotifyState : null;
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

export async function readNotifyState({ path, disk }: NotifyFile): Promise<NotifyState> {
  return await disk.read(path, NOTIFICATIONS) ?? { queue: [], told: {}, states: [], targets: {} };
}

/** Writes it as it is when the disk takes it. Never rejects. */
export function writeNotifyState({ path, disk }: NotifyFile, notifyState: NotifyState): Promise<void> {
  return disk.write(path, NOTIFICATIONS, () => notifyState);
}
