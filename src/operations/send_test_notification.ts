/** `harbornode notify test` */
import { messageRequest } from "../notify/message_request.ts";
import type { HttpRequest } from "../notify/outgoing_request.ts";
import { send } from "../notify/send_once.ts";
import type { NotifyTarget } from "../settings/settings.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { isoTime } from "../model/iso_timestamp.ts";

type TestDeps = Pick<OperationDeps, "settings" | "clock" | "stopped">;

/** Says something to each target of `[[notify]]` now, past the queue; `error` is null where that worked. */
export async function sendTestNotification(deps: TestDeps): Promise<{ name: string; error: string | null }[]> {
  return await Promise.all(deps.settings.notify.map(async (target) => {
    const outcome = await send(testRequest(deps, target), {
      signal: deps.stopped,
      allowLocal: target.allowLocal,
      now: deps.clock.now(),
    });
    return { name: target.name, error: outcome.type === "said" ? null : outcome.why };
  }));
}

function testRequest({ settings, clock }: TestDeps, target: NotifyTarget): HttpRequest {
  const message = `this is a test, sent by "harbornode notify test"`;
  const about = { device: settings.device, workload: null, revision: null, reason: "forced", message };
  const now = clock.now();
  return messageRequest(target, {
    message: { event: "test", ...about, at: isoTime(now) },
    id: crypto.randomUUID(),
    now,
  });
}
