/** One HTTP request answered by `git http-backend`, which speaks CGI. */
import { GIT_ENVIRONMENT } from "./git_environment.ts";

export interface BackendOptions {
  /** Folder with the repositories. */
  root: string;
  /** Of the request, as the repositories lie below `root`. */
  path: string;
  /** Of the request. */
  body: Uint8Array;
}

export async function runBackend(request: Request, options: BackendOptions): Promise<Response> {
  const process = new Deno.Command("git", {
    args: ["http-backend"],
    env: environment(request, options),
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(options.body).catch(() => {});
  await writer.close().catch(() => {});
  return await cgiResponse(process);
}

function environment(request: Request, options: BackendOptions): Record<string, string> {
  const url = new URL(request.url);
  return {
    ...GIT_ENVIRONMENT,
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: "1",
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(options.path),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: request.headers.get("content-type") ?? "",
    HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
    GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
    REMOTE_ADDR: "127.0.0.1",
  };
}

/** Reads the header lines that a CGI program prints first, and leaves the rest as the body. */
async function cgiResponse(process: Deno.ChildProcess): Promise<Response> {
  const reader = process.stdout.getReader();
  let head = new Uint8Array();
  let end = -1;
  while (end < 0) {
    const { done, value } = await reader.read();
    if (done) {
      await process.status;
      return new Response("the backend ended without an answer", { status: 500 });
    }
    head = concat(head, value);
    end = new TextDecoder("latin1").decode(head).indexOf("\r\n\r\n");
  }
  const headers = new Headers();
  for (const line of new TextDecoder().decode(head.subarray(0, end)).split("\r\n")) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number((headers.get("status") ?? "200").slice(0, 3));
  headers.delete("status");
  const rest = head.subarray(end + 4);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (rest.length > 0) controller.enqueue(rest);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      await process.status;
      controller.close();
    },
    /** The client has gone: the backend ends by its closed output. */
    async cancel(reason) {
      await reader.cancel(reason);
      await process.status;
    },
  });
  return new Response(body, { status, headers });
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
