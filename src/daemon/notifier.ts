/** Who is told of this device by itself, and what is still to be said. */
import type { Clock } from "../clock.ts";
import type { CommitState } from "../notify/commit_state.ts";
import { type Message, messageRequest } from "../notify/message_request.ts";
import { Outbox, type OutboxOptions } from "../notify/outbox.ts";
import type { HttpRequest } from "../notify/outgoing_request.ts";
import { send } from "../notify/send_once.ts";
import { statusRequest } from "../notify/commit_status_request.ts";
import type { Settings } from "../settings/settings.ts";
import { SentRecord } from "../notify/sent_record.ts";
import { type NotifyFile, type QueuedMessage, readNotifyState } from "../store/notify_state.ts";
import { Trigger } from "../async/trigger.ts";

export interface Notifier {
  readonly sent: SentRecord;
  readonly outbox: Outbox;
  /** Turns that look at the snapshot, which `tell` asks for. */
  readonly trigger: Trigger;
  /** By target: turns that deliver. */
  readonly deliveryTriggers: ReadonlyMap<string, Trigger>;
}

/** In brackets, as no name of a `[[notify]]` has. */
export function statusTarget({ commitStatus }: Settings): string {
  return `commit status (${commitStatus?.forge})`;
}

export async function openNotifier(settings: Settings, options: { file: NotifyFile; clock: Clock }): Promise<Notifier> {
  const { clock, file } = options;
  const { commitStatus, notify } = settings;
  const senders = new Map<string, OutboxSender>();
  for (const target of notify) {
    const request = ({ content, id }: QueuedMessage) =>
      messageRequest(target, { message: content as Message, id, now: clock.now() });
    senders.set(target.name, senderOf(request, { allowLocal: target.allowLocal, clock }));
  }
  if (commitStatus !== null) {
    const request = ({ content }: QueuedMessage) => statusRequest(commitStatus, content as CommitState);
    // A forge on this device is the repository's own, and was written down as such.
    senders.set(statusTarget(settings), senderOf(request, { allowLocal: true, clock }));
  }
  const notifyState = await readNotifyState(file);
  const outbox = new Outbox({ file, notifyState, clock, senders, jitter: Math.random });
  return {
    sent: new SentRecord(notifyState, senders),
    outbox,
    trigger: new Trigger(clock),
    deliveryTriggers: new Map([...senders.keys()].map((name) => [name, new Trigger(clock)])),
  };
}

function senderOf(
  request: (message: QueuedMessage) => HttpRequest,
  { allowLocal, clock }: { allowLocal: boolean; clock: Clock },
): OutboxSender {
  return async (message, signal) => {
    let outgoing: HttpRequest;
    try {
      outgoing = request(message);
    } catch {
      return { type: "refused", why: "a message that was kept over a restart cannot be read" };
    }
    return await send(outgoing, { signal, allowLocal, now: clock.now() });
  };
}

type OutboxSender = OutboxOptions["senders"] extends ReadonlyMap<string, infer Sender> ? Sender : never;
