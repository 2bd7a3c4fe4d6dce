/** Docker's real socket with another version in front of it, or none at all: too old, too new, failing. */
import { DOCKER_SOCKET } from "../../support/prerequisite.ts";

export type Manner =
  | { type: "as it is" }
  /** What GET /version answers in the place of the truth; versions it does not speak it refuses, as Docker does. */
  | { type: "version"; answer: { Version: string; ApiVersion: string; MinAPIVersion: string } }
  | { type: "fails"; status: number };

export class EngineProxy implements AsyncDisposable {
  manner: Manner = { type: "as it is" };
  /** Requests that would change something, as "POST /containers/create". */
  readonly changes: string[] = [];
  readonly #client = Deno.createHttpClient({ proxy: { transport: "unix", path: DOCKER_SOCKET } });
  readonly #closed = new AbortController();
  readonly #server: Deno.HttpServer;

  constructor(readonly path: string) {
    const options = { path, transport: "unix", onListen: () => {}, signal: this.#closed.signal };
    this.#server = Deno.serve(options as never, (request: Request) => this.#answer(request));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#server.finished;
    this.#client.close();
  }

  async #answer(request: Request): Promise<Response> {
    const { manner } = this;
    const { pathname, search } = new URL(request.url);
    const [, asked, path = pathname] = /^\/v(\d+\.\d+)(\/.*)$/.exec(pathname) ?? [];
    if (manner.type === "fails") return Response.json({ message: "on purpose" }, { status: manner.status });
    if (manner.type === "version") {
      const { ApiVersion: newest, MinAPIVersion: oldest } = manner.answer;
      if (path === "/version") return Response.json({ ...manner.answer, Arch: "amd64" });
      const minor = (version: string) => Number(version.split(".")[1]);
      if (asked === undefined || minor(asked) > minor(newest) || minor(asked) < minor(oldest)) {
        const word = minor(asked ?? "1.0") < minor(oldest) ? "old" : "new";
        const message = `client version ${asked} is too ${word}. Maximum supported API version is ${newest}`;
        return Response.json({ message }, { status: 400 });
      }
    }
    if (request.method !== "GET") this.changes.push(`${request.method} ${path}`);
    // The real one is older than what it is made to be.
    return await fetch(`http://localhost${path}${search}`, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      client: this.#client,
      signal: AbortSignal.any([request.signal, this.#closed.signal]),
    }).catch(() => new Response(null, { status: 502 }));
  }
}
