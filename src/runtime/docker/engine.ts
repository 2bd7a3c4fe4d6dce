/**
 * Calls to Docker's Engine API over its Unix socket. Every body is read to its end or cancelled: a body that is left
 * alone keeps its connection open for good.
 */
import { asFailure, Failure } from "../../failure.ts";
import { abortableIterator } from "../../async/abortable.ts";
import { timeoutSignal } from "../../async/timeout_signal.ts";
import { engineError, unavailable } from "./engine_error.ts";
import { NEWEST_API, OLDEST_API, type VersionAnswer } from "./api_types.ts";

export interface Call {
  /** What this is for, as it ends the sentence "Docker cannot ...". */
  task: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  /** Statuses other than success that are an answer, not a failure. */
  accept?: readonly number[];
  /** Until the answer is whole; for `stream`, until it begins. */
  timeoutMs?: number;
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal;
}

export interface Stream extends Call {
  /** Called once, when Docker has begun to answer. */
  opened?: () => void;
  /** The longest silence between two pieces; without it there is no limit. */
  idleMs?: number;
}

export interface Answer {
  status: number;
  /** Parsed JSON; null for none. */
  body: unknown;
}

interface Version {
  api: string;
  arch: string;
  name: string;
}

/** Creating and starting take seconds on a slow SD card; a Docker that needs longer than this is stuck. */
const TIMEOUT_MS = 60_000;

/** A call that had no answer in time. Docker may still be doing what it was asked for. */
export class Timeout extends Failure {}

export class Engine {
  readonly #client: Deno.HttpClient;
  readonly #closed = new AbortController();
  #version: Promise<Version> | null = null;

  constructor(readonly socket: string) {
    this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  }

  /** `route` is like "POST /containers/create", without the version. Throws a `Failure`. */
  async call(route: string, call: Call): Promise<Answer> {
    const { api } = await this.#negotiated();
    return await this.#request(route, { ...call, api });
  }

  /** The bytes of an answer that comes bit by bit. Leaving the loop early ends the call. */
  async *stream(route: string, call: Stream): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { api } = await this.#negotiated();
    using limit = timeoutSignal({ ms: call.timeoutMs ?? TIMEOUT_MS, signals: [call.signal, this.#closed.signal] });
    const { idleMs = null } = call;
    try {
      const response = await this.#fetch(route, { ...call, api, limit: limit.signal });
      if (!response.ok) {
        throw engineError(call.task, { status: response.status, message: messageIn(await response.text()) });
      }
      limit.restart(idleMs);
      call.opened?.();
      if (response.body === null) return;
      for await (const chunk of abortableIterator(response.body, limit.signal)) {
        yield chunk;
        limit.restart(idleMs);
      }
    } catch (error) {
      throw this.#explain(error, call, limit.expired);
    }
  }

  /** As Go names it: "amd64", "arm64"; what Docker runs without emulation. */
  async architecture(): Promise<string> {
    return (await this.#negotiated()).arch;
  }

  /** "Docker 20.10.24, API 1.41": who answers, and what is spoken with it. */
  async about(): Promise<string> {
    const { name, api } = await this.#negotiated();
    return `${name}, API ${api}`;
  }

  /** Ends whatever is under way. May be called again. */
  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new Error("the Docker runtime is closed"));
    this.#client.close();
  }

  /** Once, and again after Docker was away: it may come back as another version. */
  #negotiated(): Promise<Version> {
    if (this.#version !== null) return this.#version;
    const asked = this.#request("GET /version", { task: "tell its version", api: null, timeoutMs: 10_000 })
      .then(({ body }) => {
        const answer = body as VersionAnswer;
        return { api: commonVersion(answer), arch: answer.Arch ?? "", name: engineName(answer) };
      });
    this.#version = asked;
    asked.catch(() => this.#version = null);
    return asked;
  }

  async #request(route: string, call: Call & { api: string | null }): Promise<Answer> {
    using limit = timeoutSignal({ ms: call.timeoutMs ?? TIMEOUT_MS, signals: [call.signal, this.#closed.signal] });
    try {
      const response = await this.#fetch(route, { ...call, limit: limit.signal });
      const text = await response.text();
      if (!response.ok && response.status !== 304 && !call.accept?.includes(response.status)) {
        throw engineError(call.task, { status: response.status, message: messageIn(text) });
      }
      return { status: response.status, body: parsed(text) };
    } catch (error) {
      throw this.#explain(error, call, limit.expired);
    }
  }

  #fetch(route: string, call: Call & { api: string | null; limit: AbortSignal }): Promise<Response> {
    const [method = "GET", path = "/"] = route.split(" ");
    const query = call.query === undefined ? "" : `?${new URLSearchParams(call.query)}`;
    const version = call.api === null ? "" : `/v${call.api}`;
    return fetch(`http://localhost${version}${path}${query}`, {
      method,
      client: this.#client,
      signal: call.limit,
      headers: { ...call.headers, ...(call.body === undefined ? {} : { "content-type": "application/json" }) },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
  }

  #explain(error: unknown, call: Call, expired: number | null): unknown {
    if (call.signal?.aborted) return call.signal.reason;
    if (expired !== null) {
      const message = `Docker did not ${call.task} within ${expired / 1000} s`;
      return new Timeout(message, { kind: "transient", reason: "docker_unavailable" });
    }
    if (error instanceof Failure) {
      // A Docker that was replaced behind our back: ask again which versions it speaks.
      if (/client version .* is too (new|old)/.test(error.message)) this.#version = null;
      return error;
    }
    this.#version = null;
    return error instanceof TypeError || this.#closed.signal.aborted
      ? unavailable(this.socket, error)
      : asFailure(error);
  }
}

/** "Docker 20.10.24+dfsg1", "Podman 4.3.1" */
export function engineName({ Version: version = "?", Components: components }: VersionAnswer): string {
  const podman = components?.find((component) => component.Name === "Podman Engine");
  return podman === undefined ? `Docker ${version}` : `Podman ${podman.Version ?? version}`;
}

/** The newest version that both sides speak. Throws a `Failure` when there is none. */
export function commonVersion(answer: VersionAnswer): string {
  const { ApiVersion: newest = "", MinAPIVersion: oldest = "" } = answer;
  if (minor(newest) < minor(OLDEST_API)) {
    throw new Failure(`Docker "${answer.Version ?? "?"}" speaks API "${newest}", and "${OLDEST_API}" is needed`, {
      kind: "refused",
      reason: "docker_error",
      hint: "install Docker Engine 20.10 or newer",
    });
  }
  if (minor(oldest) > minor(NEWEST_API)) {
    const message = `Docker "${
      answer.Version ?? "?"
    }" needs API "${oldest}", and this HarborNode speaks "${NEWEST_API}"`;
    throw new Failure(message, { kind: "refused", reason: "docker_error", hint: "install a newer HarborNode" });
  }
  return minor(newest) < minor(NEWEST_API) ? newest : NEWEST_API;
}

/** Of "1.41" that is 1041; 0 for what is no version. */
function minor(version: string): number {
  const match = /^(\d+)\.(\d+)$/.exec(version);
  return match === null ? 0 : Number(match[1]) * 1000 + Number(match[2]);
}

function messageIn(text: string): string {
  const body = parsed(text);
  if (body !== null && typeof body === "object" && "message" in body) return String(body.message);
  return text === "" ? "no reason was given" : text.slice(0, 500);
}

function parsed(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
