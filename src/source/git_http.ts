/**
 * HTTP as isomorphic-git wants it, with what it lacks: every wait has an end, redirects never carry credentials to
 * another host, and an answer that ends early is an error. Proxies and certificate authorities are Deno's own
 * (HTTPS_PROXY, NO_PROXY, DENO_CERT, DENO_TLS_CA_STORE).
 */
import type { GitHttpRequest, GitHttpResponse } from "isomorphic-git";
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { connectionFailure, damaged, notGit, statusFailure } from "./git_failure.ts";
import { MAX_REDIRECTS } from "./limits.ts";
import { movedTo } from "./redirect.ts";
import { within } from "./within.ts";

export interface GitHttpOptions {
  /** Of the repository, clean. */
  url: string;
  /** Never in an error. */
  token: string | null;
  /** Longest silence: until the headers, and between two chunks. */
  silenceMs: number;
  /** Of all answers together. */
  budgetBytes: number;
  clock: Clock;
  /** Ends everything that is under way. */
  signal: AbortSignal;
}

/** The library hands over an array whatever its types say. */
type Body = AsyncIterable<Uint8Array> | Uint8Array[];
type Request = Omit<GitHttpRequest, "body"> & { body?: Body };

/** One operation's worth of requests to one repository. */
export class GitHttp {
  /** Where the repository turned out to be. */
  #base: string;
  #received = 0;
  /** Rejects with the first thing that went wrong, or with the signal's reason: the library swallows some of what a body throws. */
  readonly failed: Promise<never>;
  #fail!: (reason: unknown) => void;

  /** Private at run time too: what is shown or serialised of this object holds no token. */
  readonly #options: GitHttpOptions;

  constructor(options: GitHttpOptions) {
    this.#options = options;
    this.#base = options.url;
    this.failed = new Promise((_, reject) => this.#fail = reject);
    this.failed.catch(() => {});
    options.signal.addEventListener("abort", () => this.#fail(options.signal.reason), { once: true });
  }

  /**
   * For isomorphic-git. A 401 to a request without credentials is passed on, so that the library asks for them; every
   * other answer that is no success throws a `Failure`.
   */
  readonly request = async (request: Request): Promise<GitHttpResponse> => {
    try {
      return await this.#request(request);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  };

  async #request({ url, method = "GET", headers = {}, body }: Request): Promise<GitHttpResponse> {
    const endpoint = url.slice(this.#options.url.length);
    const sent = body === undefined ? null : await collect(body);
    const response = await this.#follow(endpoint, { method, headers, body: sent });
    const { status } = response;
    const authorized = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
    const asksForCredentials = status === 401 && !authorized && this.#options.token !== null;
    if (status !== 200) await response.body?.cancel();
    if (status !== 200 && !asksForCredentials) {
      const retryAfter = response.headers.get("retry-after");
      throw statusFailure({ url: this.#options.url, status, retryAfter, authorized, now: this.#options.clock.now() });
    }
    const type = response.headers.get("content-type") ?? "";
    if (status === 200 && !type.startsWith("application/x-git-upload-pack-")) {
      await response.body?.cancel();
      throw notGit(this.#options.url, `it answered with "${type.split(";")[0]}" instead of git's protocol`);
    }
    // An older server answers version 2 in ways of its own; who asked for it checks what came.
    const mustEndWithFlush = headers["git-protocol"] === undefined;
    return {
      url,
      method,
      headers: Object.fromEntries(response.headers),
      statusCode: status,
      statusMessage: response.statusText,
      body: status === 200 ? this.#chunks(response, mustEndWithFlush) : empty(),
    };
  }

  async #follow(endpoint: string, init: RequestInit): Promise<Response> {
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const asked = this.#base + endpoint;
      const response = await this.#send(asked, init);
      if (![301, 302, 303, 307, 308].includes(response.status)) return response;
      await response.body?.cancel();
      const location = response.headers.get("location") ?? "";
      this.#base = movedTo({ url: this.#options.url, asked, location, endpoint });
    }
    throw damaged(this.#options.url, `it redirected more than ${MAX_REDIRECTS} times`);
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const { silenceMs: ms, clock, signal } = this.#options;
    const late = () => this.#silent("did not answer within");
    try {
      return await within(
        { clock, ms, signal, late },
        (over) => fetch(url, { ...init, redirect: "manual", signal: over }),
      );
    } catch (error) {
      if (error instanceof Failure || signal.aborted) throw error;
      throw connectionFailure(this.#options.url, error, this.#options.token);
    }
  }

  async *#chunks(response: Response, mustEndWithFlush: boolean): AsyncIterableIterator<Uint8Array> {
    const reader = response.body!.getReader();
    let tail = "";
    try {
      while (true) {
        const { done, value } = await this.#read(reader);
        if (done) break;
        this.#received += value.length;
        if (this.#received > this.#options.budgetBytes) throw this.#tooLarge();
        tail = (tail + String.fromCharCode(...value.subarray(-4))).slice(-4);
        yield value;
      }
      // A server or proxy that dies between two packets ends the answer cleanly; only git's last packet tells.
      if (mustEndWithFlush && tail !== "0000") throw damaged(this.#options.url, "it ended before it was whole");
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
    const { silenceMs: ms, clock, signal } = this.#options;
    try {
      return await within({ clock, ms, signal, late: () => this.#silent("stopped sending for") }, () => reader.read());
    } catch (error) {
      if (error instanceof Failure || signal.aborted) throw error;
      throw damaged(this.#options.url, "the connection broke off");
    }
  }

  #silent(what: string): Failure {
    const message = `The server of "${this.#options.url}" ${what} ${this.#options.silenceMs / 1000} s`;
    return new Failure(message, { kind: "transient", reason: "repo_unreachable" });
  }

  #tooLarge(): Failure {
    const megabytes = Math.floor(this.#options.budgetBytes / 1024 / 1024);
    return damaged(this.#options.url, `it is larger than ${megabytes} MiB`, {
      kind: "mistake",
      hint: "keep large files out of the repository: download them by URL",
    });
  }
}

async function collect(chunks: Body): Promise<Uint8Array<ArrayBuffer>> {
  const parts: BlobPart[] = [];
  for await (const chunk of chunks) parts.push(chunk as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function* empty(): AsyncIterableIterator<Uint8Array> {}
