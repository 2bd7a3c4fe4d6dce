/** A release on a real server of loopback, with one thing wrong at a time. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Settings } from "../../src/settings/settings.ts";
import { signWith, type SshKey } from "../support/ssh_keys.ts";

export type Fault =
  | { type: "cut" }
  | { type: "hanging" }
  | { type: "wrong-bytes" }
  | { type: "wrong-content" }
  | { type: "no-gzip" }
  | { type: "missing"; path: string }
  | { type: "status"; status: number }
  | { type: "redirect"; to: string }
  | { type: "too-big" };

export interface ReleaseOptions {
  /** Whose executable it is; default: this machine's. */
  architecture?: string;
  version?: string;
  commit?: string;
  /** Signs the sums; for another purpose where `namespace` says so. */
  key?: SshKey;
  namespace?: string;
}

export class ReleaseServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Of the packed executable; null: as it should be. */
  fault: Fault | null = null;
  /** Paths in the order in which they were asked for. */
  readonly asked: string[] = [];
  readonly #ended = new AbortController();

  private constructor(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) {
    this.#files = files;
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      return this.answer(new URL(request.url).pathname.replace(/^\/release\//, ""));
    });
  }

  static async start(executable: Uint8Array<ArrayBuffer>, options: ReleaseOptions = {}): Promise<ReleaseServer> {
    const { version = "0.2.0", commit = "4f2c91a", key, namespace = "harbornode-release" } = options;
    const name = `harbornode-linux-${options.architecture ?? Deno.build.arch}`;
    const packed = new Uint8Array(gzipSync(executable, { level: 1 }));
    const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const text = `# harbornode ${version} ${commit}\n${hash(executable)}  ${name}\n${hash(packed)}  ${name}.gz\n`;
    const sums = new TextEncoder().encode(text);
    const files = new Map([["SHA256SUMS", sums], [`${name}.gz`, packed]]);
    if (key !== undefined) {
      files.set("SHA256SUMS.sig", new TextEncoder().encode(await signWith(key, sums, { namespace })));
    }
    return new ReleaseServer(files);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/release`;
  }

  get settings(): Settings["daemon"] {
    return { releaseUrl: this.url, releaseSigners: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#server.shutdown();
  }

  /** A file by its name. */
  answer(path: string): Response {
    this.asked.push(path);
    const { fault } = this;
    if (fault?.type === "redirect") return new Response(null, { status: 302, headers: { location: fault.to } });
    if (fault?.type === "status") return new Response("", { status: fault.status });
    const bytes = this.#files.get(path);
    if (bytes === undefined || (fault?.type === "missing" && fault.path === path)) {
      return new Response("", { status: 404 });
    }
    return path.endsWith(".gz") && fault !== null ? this.#faulty(bytes, fault) : new Response(bytes);
  }

  #faulty(bytes: Uint8Array<ArrayBuffer>, { type }: Fault): Response {
    const half = bytes.slice(0, bytes.length >> 1);
    const headers = { "content-length": String(bytes.length) };
    switch (type) {
      case "cut":
        return new Response(chunks([half], "close"), { headers });
      case "hanging":
        return new Response(chunks([half], this.#ended.signal), { headers });
      case "wrong-bytes":
        return new Response(new Uint8Array(gzipSync("another")));
      case "no-gzip":
        return new Response("<html>sign in first</html>");
      case "too-big":
        headers["content-length"] = String(200 * 1024 ** 2);
        return new Response(chunks([half], this.#ended.signal), { headers });
      default:
        return new Response(bytes);
    }
  }
}

function chunks(
  parts: Uint8Array<ArrayBuffer>[],
  then: "close" | AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...parts];
  return new ReadableStream({
    async pull(controller) {
      const next = left.shift();
      if (next !== undefined) return controller.enqueue(next);
      if (then === "close") return controller.close();
      if (!then.aborted) await new Promise((resolve) => then.addEventListener("abort", resolve, { once: true }));
      controller.close();
    },
  });
}
