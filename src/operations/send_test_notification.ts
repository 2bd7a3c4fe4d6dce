/** `harbornode notify test` */
import { messageRequest } from "../notify/message_request.ts";
import type { HttpRequest } from "../notify/http_request.ts";
import { send } from "../notify/send_message.ts";
import type { NotifyTarget } from "../settings/settings.ts";
import type { Device } from "../daemon/device.ts";
import { isoTime } from "../model/iso_timestamp.ts";

/** Says something to each target of `[[notify]]` now, past the queue; `error` is null where that worked. */
export async function sendTestNotification(device: Device): Promise<{ name: string; error: string | null }[]> {
  return await Promise.all(device.settings.notify.map(async (target) => {
    const outcome = await send(testRequest(device, target), {
      signal: device.stopped,
      allowLocal: target.allowLocal,
      now: device.clock.now(),
    });
    return { name: target.name, error: outcome.type === "said" ? null : outcome.why };
  }));
}

function testRequest({ settings, clock }: Device, target: NotifyTarget): HttpRequest {
  const message = `this is a test, sent by "harbornode notify test"`;
  const about = { device: settings.device, workload: null, revision: null, reason: "forced", message };
  const now = clock.now();
  return messageRequest(target, {
    message: { event: "test", ...about, at: isoTime(now) },
    id: crypto.randomUUID(),
    now,
  });
}
