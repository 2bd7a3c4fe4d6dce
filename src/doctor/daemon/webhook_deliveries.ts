import type { Delivery } from "../../model/snapshot.ts";
import type { Check } from "../check.ts";
import { ok, skipped, warning } from "../finding.ts";

export interface WebhookFacts {
  /** How many secrets count. */
  secrets: number;
  intervalMs: number;
  listenPort: number;
  /** Newest last; null where no daemon answers. */
  deliveries: Pick<Delivery, "at" | "forge" | "verdict" | "message">[] | null;
  now: number;
}

export const webhook: Check<WebhookFacts, "settings"> = {
  group: "daemon",
  name: "webhook",
  needs: ["settings"],
  gather({ settings: { webhook, repo, listenPort }, snapshot, clock }) {
    const deliveries = snapshot?.deliveries ?? null;
    return Promise.resolve({
      secrets: webhook.secrets.length,
      intervalMs: repo.intervalMs,
      listenPort,
      deliveries,
      now: clock.now(),
    });
  },
  evaluate({ secrets, intervalMs, listenPort, deliveries, now }) {
    const polled = `the repository is looked at every ${intervalMs / 1000} s`;
    if (secrets === 0) return [ok(`none; ${polled}`)];
    if (deliveries === null) return [skipped("needs the daemon's word", null)];
    const last = deliveries.at(-1);
    if (last === undefined) {
      return [
        warning(
          `a secret is set, and nothing was ever delivered; ${polled}`,
          `add a webhook at the forge: http://DEVICE:${listenPort}/webhook, with that secret`,
        ),
      ];
    }
    const ago = `${Math.max(0, Math.round((now - Date.parse(last.at)) / 60_000))} min ago`;
    if (last.verdict === "refused") {
      const hint = "set the same secret at the forge and in [webhook]";
      return [warning(`the last delivery, ${ago} (${last.forge}), was refused: ${last.message}`, hint)];
    }
    return [ok(`last delivery ${ago} (${last.forge}): ${last.verdict}`)];
  },
};
