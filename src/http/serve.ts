/** Listening for the page, and an end that does not wait for readers who never leave. */
import type { Hono } from "hono";
import { Failure } from "../failure.ts";

export interface Served {
  /** The port that was bound. */
  port: number;
  close(): Promise<void>;
}

/** A request that is under way gets this long when the daemon ends; a stream is cut. */
const DRAIN_MS = 1000;

/** Throws `port_conflict` when somebody else listens there. */
export function serve(app: Hono, { address, port }: { address: string; port: number }): Promise<Served> {
  const stop = new AbortController();
  try {
    const server = Deno.serve(
      { hostname: address, port, onListen() {}, signal: stop.signal },
      (request, { remoteAddr }) => app.fetch(request, { address: remoteAddr.hostname }),
    );
    return Promise.resolve({ port: server.addr.port, close: () => drain(server, stop) });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Failure(`port ${port} on ${address} is taken by another program`, {
      kind: "refused",
      reason: "port_conflict",
      hint: "set listen_port in config.toml to another port",
      cause: error,
    });
  }
}

/** Ends what can end in time, then the rest. */
export async function drain(server: Deno.HttpServer<Deno.Addr>, stop: AbortController): Promise<void> {
  const timer = setTimeout(() => stop.abort(), DRAIN_MS);
  try {
    await Promise.race([server.shutdown(), server.finished]);
  } finally {
    clearTimeout(timer);
  }
}
