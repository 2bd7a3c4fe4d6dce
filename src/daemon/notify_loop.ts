/** Tells others what became of revisions and workloads. Beside everything else: nothing ever waits for it. */
import { logger, redactSecrets } from "../log.ts";
import { commitStates, unsent } from "../notify/commit_state.ts";
import type { Message } from "../notify/message_request.ts";
import { pendingMessages } from "../notify/pending_messages.ts";
import type { Trigger } from "../async/trigger.ts";
import type { Clock } from "../clock.ts";
import type { Settings } from "../settings/settings.ts";
import type { SnapshotFeed } from "../status/snapshot_feed.ts";
import { type Notifier, statusTarget } from "./notifier.ts";
import { isoTime } from "../model/iso_timestamp.ts";

const log = logger("notify");

/** Rest between two looks at the snapshot: a state that lasts for less is not reported. */
const REST_MS = 250;
/** Longest wait between two looks, since alerts are repeated; the shortest repeat interval is a minute. */
const REPEAT_LOOK_MS = 60_000;

const AFTER_BUG_MS = 60_000;

export interface NotifyLoopOptions {
  notifier: Notifier;
  feed: SnapshotFeed;
  settings: Settings;
  clock: Clock;
  stopped: AbortSignal;
  /** While everything is stopped, nothing is reported: it would look like failures. */
  isShuttingDown(): boolean;
}

/** Until the daemon stops. Never throws. */
export async function notifyLoop(options: NotifyLoopOptions): Promise<void> {
  const { deliveryTriggers } = options.notifier;
  if (deliveryTriggers.size === 0) return;
  const delivering = [...deliveryTriggers].map(([target, wake]) => deliverLoop(options, { target, trigger: wake }));
  await Promise.all([lookLoop(options), ...delivering]);
}

function lookLoop(options: NotifyLoopOptions): Promise<void> {
  const { stopped, clock, notifier: { trigger } } = options;
  return untilStopped(options, async () => {
    await trigger.wait(REPEAT_LOOK_MS, stopped);
    await look(options);
    await clock.sleep(REST_MS, stopped);
  });
}

function deliverLoop(
  options: NotifyLoopOptions,
  { target, trigger }: { target: string; trigger: Trigger },
): Promise<void> {
  const { stopped, notifier: { outbox } } = options;
  return untilStopped(options, async () => await trigger.wait(await outbox.deliver(target, stopped), stopped));
}

/** Whatever is wrong with a message must not end the daemon. */
async function untilStopped({ stopped, clock }: NotifyLoopOptions, turn: () => Promise<void>): Promise<void> {
  while (!stopped.aborted) {
    try {
      await turn();
    } catch (error) {
      if (stopped.aborted) return;
      log.error("telling others failed: {error}", { error });
      await clock.sleep(AFTER_BUG_MS, stopped).catch(() => {});
    }
  }
}

/** Queues what is new since the last look, and writes it down before anything of it is sent. */
async function look({ feed, settings, notifier, clock, isShuttingDown }: NotifyLoopOptions): Promise<void> {
  const { sent, outbox, deliveryTriggers } = notifier;
  if (isShuttingDown()) return;
  const snapshot = feed.current;
  const before = sent.signature();
  const woken = new Set<string>();
  const add = (target: string, topic: string | null, content: unknown) => {
    outbox.add({ target, topic, content });
    woken.add(target);
  };
  if (settings.commitStatus !== null) {
    const current = commitStates(snapshot).map((commitState) => ({
      ...commitState,
      description: redactSecrets(commitState.description),
    }));
    for (const state of unsent(sent.states, current)) {
      add(statusTarget(settings), state.revision, state);
      sent.recordState(state);
    }
  }
  for (const target of settings.notify) {
    const found = pendingMessages({ snapshot, told: sent.alertsOf(target.name), target, now: clock.now() });
    sent.recordAlerts(target.name, found.told);
    for (const { event, workload, revision, reason, message } of found.messages) {
      const content: Message = {
        event,
        device: settings.device,
        workload,
        revision,
        reason,
        message: redactSecrets(message),
        at: isoTime(clock.now()),
      };
      add(target.name, null, content);
    }
  }
  if (woken.size === 0 && sent.signature() === before) return;
  await outbox.save();
  for (const target of woken) deliveryTriggers.get(target)!.fire();
}
