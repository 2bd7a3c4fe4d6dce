/**
 * The one door: a delivery that proves a secret asks for an earlier look at the configured repository. What it says
 * never decides what is fetched.
 */
import type { Context } from "hono";
import { Networks, visitorOf } from "../../ip_network.ts";
import type { Delivery } from "../../model/snapshot.ts";
import type { Ref } from "../../model/git_ref.ts";
import { readBody } from "../read_body.ts";
import type { LongOperation, SyncOutcome } from "../control_app.ts";
import { authenticate } from "./authenticate.ts";
import { clientAddress } from "./client_address.ts";
import { RateLimit } from "./secret_failure_limit.ts";
import { type DetectedForge, detectForge, printable } from "./forge.ts";
import { ignoreReason } from "./match_push.ts";
import { SyncStreams } from "./sync_stream.ts";

export interface WebhookDeps {
  /** Empty: there is no webhook. */
  secrets: readonly string[];
  /** Networks whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  followed: Ref;
  repositoryUrl: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that only goes forward. */
  monotonic(): number;
  /** Asks for a look. */
  wake(): void;
  /** A look that begins after the call, and what followed from it. */
  sync(options: LongOperation & { wait: true }): Promise<SyncOutcome>;
  /** The list that is shown, and what was accepted before by its `once`. */
  deliveries: { has(once: string): boolean; add(delivery: Delivery, once: string | null): void };
}

/** What the socket knows of a request, beside the request. */
export interface Peer {
  address?: string;
}

/** A push with hundreds of commits stays below; what is larger is no push. */
const MAX_BODY_BYTES = 1024 * 1024;

/** A script that speaks like a forge often says text/plain, as curl and fetch do. */
const READABLE = /^(application\/(.+\+)?json|application\/x-www-form-urlencoded|text\/plain)$/;

interface Verdict {
  status: 200 | 202 | 401 | 404 | 413 | 415;
  verdict: Delivery["verdict"];
  reason: string;
  message: string;
}

export class Webhook {
  readonly #deps: WebhookDeps;
  readonly #proxies: Networks;
  readonly #failures = new RateLimit();
  readonly #waiters = new SyncStreams();

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
    this.#proxies = new Networks(deps.trustedProxies);
  }

  async answer(context: Context): Promise<Response> {
    const header = (name: string) => context.req.header(name);
    const { secrets, now } = this.#deps;
    if (secrets.length === 0) {
      return this.#refuse(context, {
        status: 404,
        reason: "disabled",
        message: "no webhook secret is set on this device",
      });
    }
    const body = await readBody(context.req.raw, MAX_BODY_BYTES);
    if (body === "too large") {
      return this.#refuse(context, { status: 413, reason: "too_large", message: "the body is over 1 MiB" });
    }
    const proof = authenticate({ header, body, secrets, now: now() });
    if (!proof.ok) {
      // Bitbucket Server asks so whether there is anybody, before it has saved the secret.
      const isPing = header("x-event-key") === "diagnostics:ping";
      const { reason, message } = proof;
      return this.#refuse(context, isPing ? PONG : { status: 401, reason, message });
    }
    const type = (header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
    const payload = parse(body, type);
    const origin = detectForge(header, payload);
    const verdict = this.#verdict({ origin, payload, type });
    const id = this.#list(origin, verdict);
    if (verdict.verdict !== "accepted") return say(context, verdict, id);
    const wantsResult = ["1", "true"].includes(context.req.query("wait") ?? "");
    if (!wantsResult) {
      this.#deps.wake();
      return say(context, verdict, id);
    }
    return this.#waiters.answer({ id, sync: this.#deps.sync }) ??
      this.#busy(context, { id, verdict });
  }

  #verdict({ origin, payload, type }: { origin: DetectedForge; payload: Payload; type: string }): Verdict {
    const { forge, event, once } = origin;
    if (forge !== "generic" && type !== "" && !READABLE.test(type)) {
      const message = `it is ${printable(type, 60)}; choose application/json in the settings of the forge's webhook`;
      return { status: 415, verdict: "refused", reason: "unsupported_media_type", message };
    }
    if (event === "ping" || event === "diagnostics:ping") return PONG;
    const why = ignoreReason({ event, payload, ...this.#deps });
    if (why !== null) return { status: 200, verdict: "ignored", reason: "ignored", message: why };
    if (once !== null && this.#deps.deliveries.has(once)) {
      return { status: 200, verdict: "ignored", reason: "delivered_before", message: "it was delivered before" };
    }
    return { status: 202, verdict: "accepted", reason: "queued", message: "the repository is looked at now" };
  }

  /** Whoever proves nothing may do so a few times a minute. Beyond that it is not listed either. */
  #refuse(context: Context, refusal: Omit<Verdict, "verdict">): Response {
    const peer = (context.env as Peer | undefined)?.address ?? "";
    const forwardedFor = context.req.header("x-forwarded-for");
    const visitor = visitorOf(clientAddress({ peer, forwardedFor }, this.#proxies));
    const waitSeconds = this.#failures.failed(visitor, this.#deps.monotonic());
    if (waitSeconds > 0) {
      context.header("retry-after", String(waitSeconds));
      const message = `too many failures from this address; try again in ${waitSeconds} s`;
      return context.json({ accepted: false, reason: "rate_limited", message }, 429);
    }
    const verdict: Verdict = { verdict: refusal === PONG ? "ignored" : "refused", ...refusal };
    return say(context, verdict, this.#list(detectForge((name) => context.req.header(name), null), verdict));
  }

  #list({ forge, event, id, once }: DetectedForge, { verdict, message }: Verdict): string {
    const listed = id ?? crypto.randomUUID();
    const at = new Date(this.#deps.now()).toISOString();
    const isAccepted = verdict === "accepted";
    this.#deps.deliveries.add({ at, id: listed, forge, event, verdict, message }, isAccepted ? once : null);
    return listed;
  }

  #busy(context: Context, { id, verdict }: { id: string; verdict: Verdict }): Response {
    this.#deps.wake();
    return say(context, { ...verdict, message: `${verdict.message}, and too many wait for results already` }, id);
  }
}

const PONG: Verdict = { status: 200, verdict: "ignored", reason: "ping", message: "pong" };

function say(context: Context, { status, verdict, reason, message }: Verdict, id: string): Response {
  return context.json({ accepted: verdict === "accepted", id, reason, message }, status);
}

type Payload = Record<string, unknown>;

/** What proved a secret and says nothing we understand is a call by curl or a CI: a look is harmless. */
function parse(body: Uint8Array, type: string): Payload {
  const text = new TextDecoder().decode(body);
  const isForm = type === "application/x-www-form-urlencoded";
  try {
    const parsed: unknown = JSON.parse(isForm ? new URLSearchParams(text).get("payload") ?? text : text);
    return parsed !== null && typeof parsed === "object" ? parsed as Payload : {};
  } catch {
    return {};
  }
}
