/** The running daemon, as the command line reaches it: HTTP over the Unix socket in data_dir. */
import { Failure, type FailureKind } from "../failure.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Settings } from "../settings/settings.ts";
import { controlSocket, controlSockets } from "../store/data_dir.ts";
import { abortableIterator } from "../async/abortable.ts";

/** No daemon listens there: exit code 4. */
export class NoDaemon extends Failure {}

export class ControlClient implements Disposable {
  readonly #socket: string;
  /** By where the daemon may listen; the first is where it does unless its disk takes no socket. */
  readonly #clients: ReadonlyMap<string, Deno.HttpClient>;

  constructor({ dataDir }: Pick<Settings, "dataDir">) {
    this.#socket = controlSocket(dataDir);
    this.#clients = new Map(
      controlSockets(dataDir).map((path) => [path, Deno.createHttpClient({ proxy: { transport: "unix", path } })]),
    );
  }

  /** The JSON answer. Throws what the daemon answered as a `Failure`, and `NoDaemon` when there is none. */
  async json<T>(path: string, options: RequestOptions): Promise<T> {
    const answer = await this.#request(path, options);
    return await answer.json() as T;
  }

  /** One value a line as they come. Ends with the answer, or without an error when `signal` aborts. */
  async *lines<T>(path: string, options: RequestOptions): AsyncGenerator<T> {
    const answer = await this.#request(path, options);
    const text = answer.body!.pipeThrough(new TextDecoderStream());
    let rest = "";
    try {
      for await (const chunk of abortableIterator(text, options.signal)) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
      }
    } catch (error) {
      if (!options.signal.aborted) throw lost(error);
    }
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
  }

  async #request(path: string, { method = "GET", body, signal }: RequestOptions): Promise<Response> {
    const init = {
      method,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    };
    const answer = await this.#answer(`http://daemon${path}`, init);
    if (answer.ok) return answer;
    const text = await answer.text();
    throw refusal(text) ?? new Failure(`the daemon answered ${answer.status}`, {
      kind: "transient",
      reason: "internal_error",
    });
  }

  /** Of the first socket on which a daemon answers: there is one daemon. */
  async #answer(url: string, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
    let first: unknown;
    for (const [socket, client] of this.#clients) {
      const isMissing = socket !== this.#socket && !await Deno.lstat(socket).then(() => true, () => false);
      if (isMissing) continue;
      try {
        return await fetch(url, { ...init, client });
      } catch (error) {
        init.signal.throwIfAborted();
        first ??= error;
      }
    }
    throw await this.#unreachable(first);
  }

  async #unreachable(cause: unknown): Promise<Failure> {
    const there = await Deno.lstat(this.#socket).then(
      () => true,
      (error) => error instanceof Deno.errors.PermissionDenied,
    );
    const denied = there && /permission denied/i.test(String(cause instanceof Error ? cause.message : cause));
    return new NoDaemon(
      denied ? `you may not talk to the daemon on "${this.#socket}"` : `no daemon answers on "${this.#socket}"`,
      {
        kind: "refused",
        reason: denied ? "permission_denied" : "internal_error",
        hint: denied
          ? 'use sudo, or add yourself to the group "harbornode"'
          : 'start it with "harbornode run" or "systemctl start harbornode", or name its settings with --config',
        cause,
      },
    );
  }
}

interface RequestOptions {
  method?: "GET" | "POST";
  body?: unknown;
  signal: AbortSignal;
}

function refusal(text: string): Failure | null {
  try {
    const { error } = JSON.parse(text) as { error: { reason: ReasonCode; message: string; hint: string | null } };
    const kind: FailureKind = "refused";
    return new Failure(error.message, {
      kind,
      reason: error.reason,
      ...(error.hint === null ? {} : { hint: error.hint }),
    });
  } catch {
    return null;
  }
}

function lost(cause: unknown): Failure {
  return new NoDaemon("the daemon went away before its answer was whole", {
    kind: "transient",
    reason: "internal_error",
    cause,
  });
}
