/** Who is told of this device by itself, and what is still to be said. */
import type { Clock } from "../../clock.ts";
import type { CommitState } from "../../notify/commit_state.ts";
import { type Message, messageRequest } from "../../notify/message_request.ts";
import { Outbox, type OutboxOptions } from "../../notify/outbox.ts";
import type { Outgoing } from "../../notify/outgoing.ts";
import { send } from "../../notify/send.ts";
import { statusRequest } from "../../notify/status_request.ts";
import type { Settings } from "../../settings/settings.ts";
import { type NotifyMemory, readNotifyMemory } from "../../store/notify_memory.ts";
import { Wake } from "../wake.ts";

export interface Notifier {
  readonly memory: NotifyMemory;
  readonly outbox: Outbox;
  /** Turns that look at the snapshot, which `tell` asks for. */
  readonly wake: Wake;
  /** By target: turns that deliver. */
  readonly wakes: ReadonlyMap<string, Wake>;
}

/** In brackets, as no name of a `[[notify]]` has. */
export const statusTarget = ({ commitStatus }: Settings) => `commit status (${commitStatus?.forge})`;

export async function openNotifier(settings: Settings, options: { path: string; clock: Clock }): Promise<Notifier> {
  const { clock, path } = options;
  const { commitStatus, notify } = settings;
  const senders = new Map<string, OutboxSender>();
  const add = (name: string, allowLocal: boolean, request: (content: unknown, id: string) => Outgoing) =>
    senders.set(name, async ({ content, id }, signal) => {
      let outgoing: Outgoing;
      try {
        outgoing = request(content, id);
      } catch {
        return { type: "refused", why: "a message that was kept over a restart can not be read" };
      }
      return await send(outgoing, { signal, allowLocal, now: clock.now() });
    });
  for (const target of notify) {
    add(
      target.name,
      target.allowLocal,
      (content, id) => messageRequest(target, { message: content as Message, id, now: clock.now() }),
    );
  }
  if (commitStatus !== null) {
    // A forge on this device is the repository's own, and was written down as such.
    add(statusTarget(settings), true, (content) => statusRequest(commitStatus, content as CommitState));
  }
  const memory = await readNotifyMemory(path);
  const outbox = new Outbox({ path, memory, clock, senders, jitter: Math.random });
  return {
    memory,
    outbox,
    wake: new Wake(clock),
    wakes: new Map([...senders.keys()].map((name) => [name, new Wake(clock)])),
  };
}

type OutboxSender = OutboxOptions["senders"] extends ReadonlyMap<string, infer Sender> ? Sender : never;
