/** `harbornode notify test` */
import { messageRequest } from "../../notify/message_request.ts";
import type { Outgoing } from "../../notify/outgoing.ts";
import { send } from "../../notify/send.ts";
import type { NotifyTarget } from "../../settings/settings.ts";
import { type Device, isoTime } from "../device.ts";

/** Says something to each target of `[[notify]]` now, past the queue; `error` is null where that worked. */
export async function tryNotify(device: Device): Promise<{ name: string; error: string | null }[]> {
  return await Promise.all(device.settings.notify.map(async (target) => {
    const outcome = await send(testRequest(device, target), {
      signal: device.stopped,
      allowLocal: target.allowLocal,
      now: device.clock.now(),
    });
    return { name: target.name, error: outcome.type === "said" ? null : outcome.why };
  }));
}

function testRequest({ settings, clock }: Device, target: NotifyTarget): Outgoing {
  const message = `this is a test, sent by "harbornode notify test"`;
  const about = { device: settings.device, workload: null, revision: null, reason: "forced", message };
  const now = clock.now();
  return messageRequest(target, {
    message: { event: "test", ...about, at: isoTime(now) },
    id: crypto.randomUUID(),
    now,
  });
}
