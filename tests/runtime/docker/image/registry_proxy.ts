/** A port in front of a registry, which goes away in the middle of a pull and comes back. */

export class RegistryProxy implements AsyncDisposable {
  /** "127.0.0.1:40123" */
  readonly host: string;
  /** From the first request on whose line fits, nobody is there; null heals it. */
  cutAt: RegExp | null = null;
  /** How often it was cut, or somebody came while it was away. */
  refused = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: Deno.ConnectOptions;
  readonly #connections = new Set<Deno.Conn>();
  readonly #loop: Promise<void>;
  #isAway = false;

  constructor(registry: string) {
    const [hostname = "", port = ""] = registry.split(":");
    this.#target = { hostname, port: Number(port) };
    this.host = `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
    this.#loop = this.#accept();
  }

  heal(): void {
    this.cutAt = null;
    this.#isAway = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#cut();
    await this.#loop;
  }

  async #accept(): Promise<void> {
    const pairs: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) pairs.push(this.#serve(client));
    } catch {
      // The listener was closed while it waited.
    }
    await Promise.all(pairs);
  }

  async #serve(client: Deno.Conn): Promise<void> {
    if (this.#isAway) {
      this.refused++;
      return close(client);
    }
    const registry = await Deno.connect(this.#target);
    this.#connections.add(client).add(registry);
    await Promise.all([this.#copy(client, registry, true), this.#copy(registry, client, false)]);
    for (const conn of [client, registry]) this.#connections.delete(conn);
  }

  async #copy(from: Deno.Conn, to: Deno.Conn, isRequest: boolean): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
        const chunk = buffer.subarray(0, size);
        if (isRequest && this.cutAt?.test(new TextDecoder().decode(chunk.subarray(0, 500)).split("\r\n")[0]!)) {
          this.refused++;
          this.#isAway = true;
          this.#cut();
        }
        for (let at = 0; at < size;) at += await to.write(chunk.subarray(at));
      }
    } catch {
      // One side is gone.
    }
    close(to);
    close(from);
  }

  #cut(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
