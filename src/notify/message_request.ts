/** [pure] A message in the form that each service takes. */
import { standardSignature } from "../standard_webhooks.ts";
import type { NotifyTarget } from "../settings/settings.ts";
import { type HttpRequest, shortened } from "./outgoing_request.ts";

export interface Message {
  /** One of the events of `[[notify]]`, or "test". */
  event: string;
  device: string;
  workload: string | null;
  revision: string | null;
  reason: string;
  message: string;
  /** When it was so; ISO 8601, UTC. */
  at: string;
}

interface Sending {
  message: Message;
  /** The same for every try. */
  id: string;
  /** Of this try, in milliseconds since 1970. */
  now: number;
}

export function messageRequest(target: NotifyTarget, sending: Sending): HttpRequest {
  const request = REQUESTS[target.type](target, sending);
  return { ...request, headers: { "content-type": "application/json", ...request.headers } };
}

/** Events that somebody should get up for; the others can be read later. */
const URGENT = new Set(["revision_failed", "rolled_back", "unhealthy", "policy_denied", "sync_failed"]);

const REQUESTS: Record<NotifyTarget["type"], (target: NotifyTarget, sending: Sending) => HttpRequest> = {
  // https://www.standardwebhooks.com
  webhook({ url, secret }, { message, id, now }) {
    const { event, at, ...data } = message;
    const body = JSON.stringify({ type: event, timestamp: at, data });
    const timestamp = String(Math.floor(now / 1000));
    const signed = { id, timestamp, body: new TextEncoder().encode(body) };
    const headers: Record<string, string> = {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "x-harbornode-event": event,
      ...(secret === null ? {} : { "webhook-signature": standardSignature(secret, signed) }),
    };
    return { url, headers, body };
  },
  // As JSON to the server itself, since a header takes ASCII alone: https://docs.ntfy.sh/publish/#publish-as-json
  ntfy({ url, token }, { message: { event, device, message } }) {
    const { origin, pathname } = new URL(url);
    const topic = decodeURIComponent(pathname.split("/").filter((part) => part !== "").at(-1) ?? "");
    const title = `${device}: ${event.replaceAll("_", " ")}`;
    const priority = URGENT.has(event) ? 4 : 3;
    return {
      url: origin,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      // Its limit is 4096 bytes.
      body: JSON.stringify({ topic, title, message: shortened(message, 1000), priority }),
    };
  },
  // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: three characters have a meaning of their own.
  slack({ url }, { message: { device, message } }) {
    const plain = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return {
      url,
      headers: {},
      body: JSON.stringify({ text: `*${plain(device)}*: ${plain(shortened(message, 3000))}` }),
    };
  },
  // https://discord.com/developers/docs/resources/webhook#execute-webhook: at most 2000 characters, and nobody is called.
  discord({ url }, { message: { device, message } }) {
    const content = shortened(`**${device}**: ${message}`, 2000);
    return { url, headers: {}, body: JSON.stringify({ content, allowed_mentions: { parse: [] } }) };
  },
};
