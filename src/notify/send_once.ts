/** One try to say something: bounded in time and size, and never to where nobody meant it to go. */
import { lookup } from "node:dns/promises";
import { addressIn, Networks } from "../ip_network.ts";
import { redactSecrets } from "../log.ts";
import { abortableIterator } from "../async/abortable.ts";
import { VERSION } from "../version.ts";
import type { HttpRequest } from "./outgoing_request.ts";

export type Outcome =
  | { type: "said" }
  /** `afterMs`: as the other side asked for it; null where it did not. */
  | { type: "failed"; why: string; afterMs: number | null }
  /** Another try would end the same. */
  | { type: "refused"; why: string };

/** Above what forges take when they are slow. */
const TIMEOUT_MS = 15_000;
/** Of an answer: enough for the sentence in it. */
const MAX_ANSWER_BYTES = 4096;

/** This device, and what is on the same link: the metadata of clouds is at 169.254.169.254, and at fd00:ec2::254. */
const LOCAL = new Networks([
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "::/128",
  "::1/128",
  "fe80::/10",
  "fd00:ec2::254",
]);

/** Another answer may come later: what is wrong is on its side, or is put right there without us. */
const MAY_CHANGE = new Set([401, 403, 404, 408, 409, 425, 429]);

export interface SendOptions {
  signal: AbortSignal;
  /** Whether it may go to this device or its link. */
  allowLocal: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

/** Never throws but the reason of `signal`. No sentence holds the URL, which may be the secret itself. */
export async function send(request: HttpRequest, { signal, allowLocal, now }: SendOptions): Promise<Outcome> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    if (!allowLocal && await isLocal(request.url)) {
      const why = "its URL leads to this device or its link-local network; allow_local = true would allow that";
      return { type: "refused", why };
    }
    const answer = await fetch(request.url, {
      method: "POST",
      headers: { "user-agent": `HarborNode/${VERSION}`, ...request.headers },
      body: request.body,
      // A redirect would take the message and its secrets to a place that the owner did not write down.
      redirect: "manual",
      signal: limit,
    });
    const text = answer.body === null ? "" : await beginning(answer.body, limit);
    return judged(answer, { text, request, now });
  } catch (error) {
    signal.throwIfAborted();
    return { type: "failed", why: limit.aborted ? "did not answer in time" : whyUnreachable(error), afterMs: null };
  }
}

function judged(
  { status, headers }: Response,
  { text, request, now }: { text: string; request: HttpRequest; now: number },
): Outcome {
  if ((status >= 200 && status < 300) || request.isSaid?.(status, text) === true) return { type: "said" };
  if (status >= 300 && status < 400) {
    return {
      type: "refused",
      why: `answered ${status}, a redirect, and none is followed; write the URL that is meant`,
    };
  }
  const why = `answered ${status}${saidOf(text)}`;
  if (status >= 400 && status < 500 && !MAY_CHANGE.has(status)) return { type: "refused", why };
  return { type: "failed", why, afterMs: retryAfterMs(headers.get("retry-after"), now) };
}

/** Seconds or a date (RFC 9110, section 10.2.3); null for neither. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** What an API says of itself; a page in HTML says nothing. */
function saidOf(text: string): string {
  const plain = text.trim().replace(/\s+/g, " ").replace(/[^\x20-\x7e]/g, "?");
  return plain === "" || plain.startsWith("<") ? "" : redactSecrets(`: ${plain.slice(0, 120)}`);
}

async function beginning(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of abortableIterator(body, signal)) {
    text += decoder.decode(chunk.subarray(0, MAX_ANSWER_BYTES), { stream: true });
    if (text.length >= MAX_ANSWER_BYTES) break;
  }
  return text.slice(0, MAX_ANSWER_BYTES);
}

/** A name that cannot be resolved here is left to `fetch`: a proxy may know it. */
async function isLocal(url: string): Promise<boolean> {
  const { hostname } = new URL(url);
  const literal = addressIn(hostname);
  if (literal !== null) return LOCAL.has(literal);
  const found = await lookup(hostname, { all: true }).catch(() => []);
  return found.some(({ address }) => LOCAL.has(address));
}

/** Of Deno's sentence, which is the error's cause since 2.9, only what holds no URL. */
function whyUnreachable(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : "";
  const known = /connection refused|connection reset|connection closed|network unreachable|timed out|dns error/i.exec(
    text,
  );
  if (known !== null) return `cannot be reached: ${known[0].toLowerCase()}`;
  return /certificate|tls|ssl/i.test(text) ? "cannot be reached: its certificate is not trusted" : "cannot be reached";
}
