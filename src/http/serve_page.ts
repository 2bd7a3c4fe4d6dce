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
  const requests = new Requests();
  try {
    const server = Deno.serve(
      { hostname: address, port, onListen() {}, signal: requests.cut },
      (request, { remoteAddr, completed }) => {
        requests.add(completed);
        return app.fetch(request, { address: remoteAddr.hostname });
      },
    );
    return Promise.resolve({ port: server.addr.port, close: () => requests.close(server) });
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

/** The requests of a server that are under way. */
export class Requests {
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  /** Ends the server at once, with all of its connections. */
  get cut(): AbortSignal {
    return this.#stop.signal;
  }

  add(completed: Promise<void>): void {
    const over = completed.catch(() => {}).then(() => void this.#underWay.delete(over));
    this.#underWay.add(over);
  }

  /**
   * Ends what can end in time, then the rest. Not by `shutdown()`: after it a server cannot be cut any more, and one
   * stream that nobody ends keeps it, and the connection, for ever.
   */
  async close(server: Deno.HttpServer<Deno.Addr>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, DRAIN_MS));
    await Promise.race([Promise.all(this.#underWay), late]);
    clearTimeout(timer);
    this.#stop.abort();
    await server.finished;
  }
}
