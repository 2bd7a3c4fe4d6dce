/**
 * A real smart-HTTP git server: git's own `http-backend` behind a loopback port, with basic auth and a switch for
 * faults. Serves every repository below its root.
 */
import { join } from "node:path";
import { runBackend } from "./git_backend.ts";
import { cutAfter, type Fault, faultApplies, stallAfter, truncatePack } from "./git_fault.ts";

export type { Fault } from "./git_fault.ts";

export interface SeenRequest {
  method: string;
  path: string;
  /** The right credentials came with it. */
  authorized: boolean;
  /** The header as it came; null for none. */
  authorization: string | null;
}

export class GitServer implements AsyncDisposable {
  /** In force from the next request on; null for none. */
  fault: Fault | null = null;
  readonly requests: SeenRequest[] = [];
  /** True: answers as servers from before git 2.18 do. */
  ignoresVersion2 = false;
  readonly #closed = new AbortController();
  readonly #expected: string | null;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(readonly root: string, options: { username?: string; token?: string }) {
    const { username = "git", token } = options;
    this.#expected = token === undefined ? null : `Basic ${btoa(`${username}:${token}`)}`;
    this.#server = Deno.serve(
      // Connections that a fault breaks on purpose are no news.
      { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response("broken", { status: 500 }) },
      (request) => this.#answer(request),
    );
  }

  static start(root: string, options: { username?: string; token?: string } = {}): Promise<GitServer> {
    return Promise.resolve(new GitServer(root, options));
  }

  /** Of the server, without a slash at the end. */
  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Of the repository in `root/<name>` (bare) or `root/<name>/.git`. */
  url(name: string): string {
    return `${this.origin}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const authorization = request.headers.get("authorization");
    const authorized = this.#expected === null || authorization === this.#expected;
    this.requests.push({ method: request.method, path: url.pathname, authorized, authorization });
    const body = new Uint8Array(await request.arrayBuffer());
    const fault = faultApplies(this.fault, body) ? this.fault : null;
    const closed = this.#closed.signal;

    if (fault?.type === "hang") {
      await new Promise((resolve) => closed.addEventListener("abort", resolve, { once: true }));
    }
    if (closed.aborted) return new Response(null, { status: 503 });
    if (fault?.type === "status") {
      const headers = fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter };
      return new Response(fault.body ?? "no", { status: fault.status, headers });
    }
    if (fault?.type === "page") {
      return new Response("<html>Sign in</html>", { headers: { "content-type": "text/html" } });
    }
    if (fault?.type === "redirect" && url.pathname.startsWith(fault.from ?? "")) {
      const location = fault.to + url.pathname.slice(fault.from?.length ?? 0) + url.search;
      return new Response(null, { status: fault.status ?? 302, headers: { location } });
    }
    if (!authorized) {
      return new Response("no", { status: 401, headers: { "www-authenticate": 'Basic realm="git"' } });
    }

    if (this.ignoresVersion2) {
      request = new Request(request.url, {
        method: request.method,
        headers: { "content-type": request.headers.get("content-type") ?? "" },
      });
    }
    const response = await runBackend(request, { body, root: this.root, path: await this.#backendPath(url.pathname) });
    if (response.body === null) return response;
    if (fault?.type === "cut") return new Response(cutAfter(response.body, fault.afterBytes), response);
    if (fault?.type === "stall") return new Response(stallAfter(response.body, fault.afterBytes, closed), response);
    if (fault?.type === "shorten") {
      const whole = await response.arrayBuffer();
      return new Response(whole.slice(0, Math.max(0, whole.byteLength - fault.bytes)), response);
    }
    if (fault?.type === "change") {
      return new Response(fault.change(new Uint8Array(await response.arrayBuffer())), response);
    }
    if (fault?.type === "truncate") return new Response(await truncatePack(response), response);
    return response;
  }

  async #backendPath(path: string): Promise<string> {
    const [, name = "", ...rest] = path.split("/");
    const bare = await Deno.stat(join(this.root, name, ".git")).then(() => false, () => true);
    return ["", name, ...(bare ? [] : [".git"]), ...rest].join("/");
  }
}
