/** A socket in front of Docker's, which can be cut, or be gone for a while: the ways in which Docker goes away. */
import { DOCKER_SOCKET } from "../../support/prerequisite.ts";

export class SocketProxy implements AsyncDisposable {
  /** First lines of the requests that passed, like "GET /v1.41/events?since=1". Kept-alive connections included. */
  readonly requests: string[] = [];
  /** Called with each of them, before Docker has it. */
  told: (request: string) => void = () => {};
  /** True: takes what comes and answers nothing, as a Docker that hangs. */
  silent = false;
  readonly #connections = new Set<Deno.Conn>();
  #listener: Deno.UnixListener | null = null;
  #loops: Promise<void>[] = [];

  /** Nothing listens until `up`. `docker` is the socket behind it. */
  constructor(readonly path: string, readonly docker: string = DOCKER_SOCKET) {}

  /** From clients, at this moment. */
  get connections(): number {
    return this.#connections.size / 2;
  }

  up(): void {
    const listener = Deno.listen({ transport: "unix", path: this.path });
    this.#listener = listener;
    this.#loops.push(this.#accept(listener));
  }

  /** Breaks every connection; new ones are taken at once. */
  cut(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  /** As when dockerd is stopped: the socket's file goes, too. */
  async down(): Promise<void> {
    this.#listener?.close();
    this.#listener = null;
    await Deno.remove(this.path).catch(() => {});
    this.cut();
    await Promise.all(this.#loops);
    this.#loops = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #accept(listener: Deno.UnixListener): Promise<void> {
    const pairs: Promise<void>[] = [];
    try {
      for await (const client of listener) pairs.push(this.#serve(client));
    } catch {
      // The listener was closed while it waited.
    }
    await Promise.all(pairs);
  }

  async #serve(client: Deno.Conn): Promise<void> {
    const docker = await Deno.connect({ transport: "unix", path: this.docker }).catch(() => null);
    if (docker === null) return close(client);
    this.#connections.add(client).add(docker);
    await Promise.all([
      this.#copy(client, docker, (chunk) => this.#note(chunk)),
      this.#copy(docker, client),
    ]);
    for (const connection of [client, docker]) {
      close(connection);
      this.#connections.delete(connection);
    }
  }

  async #copy(from: Deno.Conn, to: Deno.Conn, seen?: (chunk: Uint8Array) => void): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
        const chunk = buffer.subarray(0, size);
        seen?.(chunk);
        for (let at = this.silent ? size : 0; at < size;) at += await to.write(chunk.subarray(at));
      }
    } catch {
      // One side is gone.
    }
    // Whoever ends, the other has nobody to talk to.
    close(to);
    close(from);
  }

  #note(chunk: Uint8Array): void {
    const line = /^(GET|POST|DELETE) \S+/.exec(new TextDecoder().decode(chunk.subarray(0, 2000)));
    if (line === null) return;
    this.requests.push(line[0]);
    this.told(line[0]);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
