/** Tells others what became of revisions and workloads. Beside everything else: nothing ever waits for it. */
import { logger, withoutSecrets } from "../../log.ts";
import { canonical } from "../../model/fingerprint.ts";
import { commitStates, untold } from "../../notify/commit_state.ts";
import type { Message } from "../../notify/message_request.ts";
import { messages } from "../../notify/tell.ts";
import { type Device, isoTime } from "../device.ts";
import type { Wake } from "../wake.ts";
import { statusTarget } from "./notifier.ts";

const log = logger("notify");

/** Enough for the revisions that are pending, and those that somebody looks at. */
const KEPT_STATES = 20;
/** What comes and goes within a moment is not worth a message. */
const REST_MS = 250;
/** What lasts is told again; the shortest interval is a minute. */
const REPEAT_LOOK_MS = 60_000;

const AFTER_BUG_MS = 60_000;

/** Until the daemon stops. Never throws. */
export async function notifyLoop(device: Device): Promise<void> {
  const { wakes } = device.notifier;
  if (wakes.size === 0) return;
  const delivering = [...wakes].map(([target, wake]) => deliverLoop(device, { target, wake }));
  await Promise.all([lookLoop(device), ...delivering]);
}

function lookLoop(device: Device): Promise<void> {
  const { stopped, clock, notifier: { wake } } = device;
  return untilStopped(device, async () => {
    await wake.next(REPEAT_LOOK_MS, stopped);
    await look(device);
    await clock.sleep(REST_MS, stopped);
  });
}

function deliverLoop(device: Device, { target, wake }: { target: string; wake: Wake }): Promise<void> {
  const { stopped, notifier: { outbox } } = device;
  return untilStopped(device, async () => await wake.next(await outbox.deliver(target, stopped), stopped));
}

/** Whatever is wrong with a message must not end the daemon. */
async function untilStopped({ stopped, clock }: Device, turn: () => Promise<void>): Promise<void> {
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
async function look(device: Device): Promise<void> {
  const { snapshot, settings, notifier: { memory, outbox, wakes }, clock } = device;
  if (snapshot === null || device.goingDown !== null) return;
  const before = canonical([memory.told, memory.states]);
  const woken = new Set<string>();
  const add = (target: string, topic: string | null, content: unknown) => {
    outbox.add({ target, topic, content });
    woken.add(target);
  };
  if (settings.commitStatus !== null) {
    const current = commitStates(snapshot).map((one) => ({ ...one, description: withoutSecrets(one.description) }));
    for (const state of untold(memory.states, current)) {
      add(statusTarget(settings), state.revision, state);
      memory.states = [...memory.states.filter((one) => one.revision !== state.revision), state].slice(-KEPT_STATES);
    }
  }
  for (const target of settings.notify) {
    const found = messages({ snapshot, told: memory.told[target.name] ?? {}, target, now: clock.now() });
    memory.told[target.name] = found.told;
    for (const { event, workload, revision, reason, message } of found.messages) {
      const content: Message = {
        event,
        device: settings.device,
        workload,
        revision,
        reason,
        message: withoutSecrets(message),
        at: isoTime(clock.now()),
      };
      add(target.name, null, content);
    }
  }
  if (woken.size === 0 && canonical([memory.told, memory.states]) === before) return;
  await outbox.save();
  for (const target of woken) wakes.get(target)!.now();
}
