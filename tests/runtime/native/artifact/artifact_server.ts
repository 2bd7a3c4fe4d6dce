/** A real HTTP server of files on loopback, with ranges and ETags, and a fault to be put in the way of each request. */
import { createHash } from "node:crypto";
import type { Artifact } from "../../../../src/model/workload.ts";

/** What becomes of one request; null: it is answered as it should be. */
export type Fault =
  | null
  | { type: "status"; status: number; headers?: Record<string, string> }
  | { type: "redirect"; to: string }
  /** This many bytes of the body, and the connection is gone. */
  | { type: "cut"; after: number }
  /** As "cut", and then nothing for ever. */
  | { type: "hang"; after: number }
  /** Everything from the beginning, whatever was asked for. */
  | { type: "no-ranges" }
  /** Other bytes of the same length. */
  | { type: "lie" }
  /** Announces to be of this length. */
  | { type: "length"; bytes: number };

export interface Seen {
  path: string;
  range: string | null;
  ifRange: string | null;
}

export class ArtifactServer implements AsyncDisposable {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  /** One for each request in turn; none left: no fault. */
  readonly faults: Fault[] = [];
  readonly requests: Seen[] = [];
  etag: string | null = '"one"';
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #ended = new AbortController();

  constructor() {
    const { signal } = this.#ended;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, signal },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Serves the file, and says what a manifest would say of it. */
  put(path: string, content: Uint8Array<ArrayBuffer>, more: Partial<Artifact> = {}): Artifact {
    this.files.set(`/${path}`, content);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const format = path.endsWith(".zip") ? "zip" : path.endsWith(".tar.gz") ? "tar.gz" : "plain";
    const name = format === "plain" ? path : "";
    return { url: `${this.url}/${path}`, sha256, format, stripComponents: 0, name, ...more };
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    const ifRange = request.headers.get("if-range");
    this.requests.push({ path: pathname, range, ifRange });
    const fault = this.faults.shift() ?? null;
    if (fault?.type === "status") return new Response("no", fault);
    if (fault?.type === "redirect") return new Response(null, { status: 302, headers: { location: fault.to } });
    const file = this.files.get(pathname);
    if (file === undefined) return new Response("not found", { status: 404 });
    const asked = fault?.type === "no-ranges" || (ifRange !== null && ifRange !== this.etag) ? null : range;
    const from = Number(/^bytes=(\d+)-$/.exec(asked ?? "")?.[1] ?? 0);
    if (from > 0 && from >= file.length) return new Response(null, { status: 416 });
    const headers = new Headers(this.etag === null ? {} : { etag: this.etag });
    if (from > 0) headers.set("content-range", `bytes ${from}-${file.length - 1}/${file.length}`);
    headers.set("content-length", String(fault?.type === "length" ? fault.bytes : file.length - from));
    const body = fault?.type === "lie" ? file.map((byte) => byte ^ 1) : file;
    return new Response(stream(body.subarray(from), fault, this.#ended.signal), {
      status: from > 0 ? 206 : 200,
      headers,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#server.finished;
  }
}

/** In pieces, so that what came before a cut has arrived when it comes. */
function stream(body: Uint8Array<ArrayBuffer>, fault: Fault, ended: AbortSignal): ReadableStream<Uint8Array> {
  const end = fault?.type === "cut" || fault?.type === "hang" ? Math.min(fault.after, body.length) : body.length;
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at < end) {
        const piece = body.subarray(at, Math.min(end, at + 64 * 1024));
        at += piece.length;
        return controller.enqueue(piece);
      }
      if (fault?.type === "hang") await new Promise((resolve) => ended.addEventListener("abort", resolve));
      // Before what was announced is there: the server gives the connection up.
      controller.close();
    },
  });
}
