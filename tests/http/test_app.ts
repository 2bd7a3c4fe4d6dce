/** The app over a snapshot in memory, asked without a port. */
import type { Hono } from "hono";
import { createHmac } from "node:crypto";
import { Failure } from "../../src/failure.ts";
import { createPageApp } from "../../src/http/page_app.ts";
import type { Delivery, Snapshot } from "../../src/model/snapshot.ts";
import type { LogLine, LogOptions } from "../../src/runtime/runtime.ts";
import type { Peer, WebhookDeps } from "../../src/http/webhook/webhook.ts";
import { healthySnapshot, usageSeries } from "../support/snapshots.ts";

export const SECRET = "a secret of the device";

export class AppOnPaper {
  snapshot: Snapshot = healthySnapshot();
  readonly listeners = new Set<() => void>();
  readonly deliveries: Delivery[] = [];
  /** By their `once`. */
  readonly accepted = new Set<string>();
  woken = 0;
  /** Milliseconds; stands still. */
  now = Date.UTC(2026, 5, 1);
  /** What waits for a result. */
  sync: WebhookDeps["sync"] = () =>
    Promise.resolve({ ok: true, revision: "4f2c91a", message: "revision 4f2c91a is applied", hint: null });
  /** What the last reader of logs that does not follow wanted. */
  asked: LogOptions | null = null;
  /** True: logs have no end, until their reader leaves. */
  endless = false;
  /** How many lines were taken of endless logs. */
  lines = 0;
  isReady = true;
  readonly app: Hono;

  constructor({ secrets = [SECRET], ...webhook }: Partial<WebhookDeps> = {}) {
    this.app = createPageApp({
      snapshot: () => this.snapshot,
      subscribe: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      usage: () => usageSeries(),
      logs: (name, options) => {
        if (name !== "camera") {
          throw new Failure(`there is no workload "${name}"`, { kind: "mistake", reason: "removed" });
        }
        const { tail, since = null, follow } = options;
        if (!follow) this.asked = { tail, since, follow };
        return this.endless ? this.#flood(options) : (async function* () {
          for (const text of ["one", "two", "three"].slice(-(tail ?? 3) || 3)) yield { slot: 0, stream: null, text };
        })();
      },
      webhook: webhookOnPaper({
        secrets,
        now: () => this.now,
        monotonic: () => this.now,
        wake: () => this.woken++,
        sync: (options) => this.sync(options),
        deliveries: {
          has: (once) => this.accepted.has(once),
          add: (delivery, once) => {
            this.deliveries.push(delivery);
            if (once !== null) this.accepted.add(once);
          },
        },
        ...webhook,
      }),
      ready: () => ({ ok: this.isReady, message: this.isReady ? "ready" : "the first revision is not here yet" }),
    });
  }

  get(path: string, init?: RequestInit, peer: Peer = { address: "192.0.2.7" }): Promise<Response> {
    return Promise.resolve(this.app.request(path, init, peer));
  }

  /** A delivery as GitHub signs it. */
  push(payload: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const body = typeof payload === "string" ? payload : JSON.stringify(payload);
    const signature = createHmac("sha256", SECRET).update(body).digest("hex");
    const all = { "x-github-event": "push", "x-hub-signature-256": `sha256=${signature}`, ...headers };
    return this.get("/webhook", { method: "POST", headers: all, body });
  }

  async *#flood({ signal }: LogOptions): AsyncGenerator<LogLine> {
    try {
      for (; signal?.aborted === false; this.lines++) yield { slot: 0, stream: null, text: "more and more" };
    } finally {
      this.endless = false;
    }
  }
}

/** A webhook that nobody waits for, of a device that follows the branch main. */
export function webhookOnPaper(deps: Partial<WebhookDeps> = {}): WebhookDeps {
  return {
    secrets: [],
    trustedProxies: [],
    followed: { type: "branch", name: "main" },
    repositoryUrl: "https://git.example.org/home/fleet.git",
    now: () => 0,
    monotonic: () => 0,
    wake() {},
    sync: () => Promise.reject(new Error("nobody waits")),
    deliveries: { has: () => false, add() {} },
    ...deps,
  };
}
