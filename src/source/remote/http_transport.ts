/**
 * git over http(s): every wait has an end, redirects never carry credentials to another host, and all that is received
 * is counted. Proxies and certificate authorities are Deno's own (HTTPS_PROXY, NO_PROXY, DENO_CERT,
 * DENO_TLS_CA_STORE), and those that the owner names for the repository.
 */
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import { connectionFailure, damaged, notGit, statusFailure, tooLarge } from "../git_failure.ts";
import { MAX_REDIRECTS } from "../fetch_limits.ts";
import type { Credentials } from "../repository_location.ts";
import { deadline } from "../../async/deadline.ts";
import { redirectTarget } from "./redirect.ts";
import type { Transport } from "./transport.ts";
import type { ReceiveBudget } from "./receive_budget.ts";

export interface HttpOptions {
  /** Of the repository, clean. */
  url: string;
  /** Never in an error. */
  credentials: Credentials | null;
  /** PEM. For this repository these authorities count too. */
  caCerts: string | null;
  /** "http://proxy:3128"; null for the environment's. */
  proxy: string | null;
  /** Longest silence: until the headers, and between two chunks. */
  silenceMs: number;
  /** Of all answers together; shared by all conversations of one fetch. */
  budget: ReceiveBudget;
  clock: Clock;
  /** Ends everything that is under way. */
  signal: AbortSignal;
}

export class HttpTransport implements Transport {
  readonly isGreeting = false;
  /** Where the repository turned out to be. */
  #base: string;
  /** Private at run time too: what is shown or serialised of this object holds no token. */
  readonly #options: HttpOptions;
  readonly #client: Deno.HttpClient | null;
  readonly #closed = new AbortController();
  readonly #signal: AbortSignal;
  readonly #answers: AsyncGenerator<Uint8Array, undefined>[] = [];

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#base = options.url;
    this.#client = clientOf(options);
    this.#signal = AbortSignal.any([options.signal, this.#closed.signal]);
  }

  greet(version: 0 | 2): AsyncIterator<Uint8Array> {
    const headers = { ...this.#headers(version), accept: "*/*" };
    return this.#kept(this.#exchange("/info/refs?service=git-upload-pack", { method: "GET", headers }));
  }

  ask(request: Uint8Array<ArrayBuffer>, version: 0 | 2): AsyncIterator<Uint8Array> {
    const headers = {
      ...this.#headers(version),
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
    };
    return this.#kept(this.#exchange("/git-upload-pack", { method: "POST", headers, body: request }));
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("closed"));
    await Promise.allSettled(this.#answers.map((answer) => answer.return(undefined)));
    this.#client?.close();
  }

  #kept(answer: AsyncGenerator<Uint8Array, undefined>): AsyncIterator<Uint8Array> {
    this.#answers.push(answer);
    return answer;
  }

  #headers(version: 0 | 2): Record<string, string> {
    const { credentials } = this.#options;
    return {
      "user-agent": "git/harbornode",
      ...(version === 2 ? { "git-protocol": "version=2" } : {}),
      ...(credentials === null ? {} : { authorization: basic(credentials) }),
    };
  }

  async *#exchange(endpoint: string, init: RequestInit): AsyncGenerator<Uint8Array, undefined> {
    const { url, credentials, clock } = this.#options;
    const response = await this.#follow(endpoint, init);
    const { status } = response;
    if (status !== 200) {
      await response.body?.cancel();
      const retryAfter = response.headers.get("retry-after");
      throw statusFailure({ url, status, retryAfter, authorized: credentials !== null, now: clock.now() });
    }
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("application/x-git-upload-pack-")) {
      await response.body?.cancel();
      throw notGit(url, `it answered with "${type.split(";")[0]}" instead of git's protocol`);
    }
    yield* this.#chunks(response);
  }

  async #follow(endpoint: string, init: RequestInit): Promise<Response> {
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const asked = this.#base + endpoint;
      const response = await this.#send(asked, init);
      if (![301, 302, 303, 307, 308].includes(response.status)) return response;
      await response.body?.cancel();
      const location = response.headers.get("location") ?? "";
      // Asked again as it was: fetch itself would turn a redirected POST into a GET.
      this.#base = redirectTarget({ url: this.#options.url, asked, location, endpoint });
    }
    throw notGit(this.#options.url, `it redirected more than ${MAX_REDIRECTS} times`);
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const { silenceMs: ms, clock } = this.#options;
    const late = () => this.#silent("did not answer within");
    const client = this.#client === null ? {} : { client: this.#client };
    try {
      return await deadline(
        { clock, ms, signals: [this.#signal], late },
        (over) => fetch(url, { ...init, ...client, redirect: "manual", signal: over }),
      );
    } catch (error) {
      if (error instanceof Failure || this.#signal.aborted) throw error;
      throw connectionFailure(this.#options.url, error, this.#options.credentials?.token ?? null);
    }
  }

  async *#chunks(response: Response): AsyncGenerator<Uint8Array, undefined> {
    const { budget, url } = this.#options;
    const reader = response.body!.getReader();
    try {
      while (true) {
        const { done, value } = await this.#read(reader);
        if (done) return;
        if (budget.exceededBy(value.length)) throw tooLarge(url, budget.bytes);
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
    const { silenceMs: ms, clock, url } = this.#options;
    const signal = this.#signal;
    try {
      return await deadline(
        { clock, ms, signals: [signal], late: () => this.#silent("stopped sending for") },
        () => reader.read(),
      );
    } catch (error) {
      if (error instanceof Failure || signal.aborted) throw error;
      throw damaged(url, "the connection broke off");
    }
  }

  #silent(what: string): Failure {
    const message = `The server of "${this.#options.url}" ${what} ${this.#options.silenceMs / 1000} s`;
    return new Failure(message, { kind: "transient", reason: "repo_unreachable" });
  }
}

/** Null where Deno's own will do. The environment's proxies count in either. */
function clientOf({ caCerts, proxy, url }: HttpOptions): Deno.HttpClient | null {
  if (caCerts === null && proxy === null) return null;
  try {
    return Deno.createHttpClient({
      ...(caCerts === null ? {} : { caCerts: [caCerts] }),
      ...(proxy === null ? {} : { proxy: { url: proxy } }),
    });
  } catch {
    throw new Failure(`The certificates or the proxy for "${url}" cannot be used`, {
      kind: "mistake",
      reason: "repo_unreachable",
      hint: "ca_file in [repo] must name certificates in PEM form, and proxy a URL like http://proxy.example.org:3128",
    });
  }
}

function basic({ username, token }: Credentials): string {
  const bytes = new TextEncoder().encode(`${username}:${token}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
