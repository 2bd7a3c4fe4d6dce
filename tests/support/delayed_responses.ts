/** A proxy before a real server that can hold an answer back: what the client asked is done, and it does not know yet. */
export class HeldAnswers implements AsyncDisposable {
  /** Answers to requests with this in their body are held; null for none. */
  hold: string | null = null;
  /** How many are held. */
  held = 0;
  #release = Promise.withResolvers<void>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(target: string) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      const isHeld = this.hold !== null && new TextDecoder("latin1").decode(body).includes(this.hold);
      const { method, headers } = request;
      const answer = await fetch(target + pathname + search, {
        method,
        headers,
        ...(method === "GET" ? {} : { body }),
      });
      const whole = await answer.arrayBuffer();
      if (isHeld) {
        this.held++;
        await this.#release.promise;
        this.held--;
      }
      return new Response(whole, { status: answer.status, headers: answer.headers });
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Lets go of all that are held, and holds none any more. */
  release(): void {
    this.hold = null;
    this.#release.resolve();
    this.#release = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await this.#server.shutdown();
  }
}
