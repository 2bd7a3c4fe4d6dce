/** Somebody who is told, over real HTTP: answers as a test wants, and keeps what came. */
export interface Asked {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

export class Receiver implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: (request: Request) => Response | Promise<Response> = () => new Response("ok")) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response("broken", { status: 500 }) },
      async (request) => {
        const { method, url, headers } = request;
        this.asked.push({ method, path: new URL(url).pathname, headers, body: await request.text() });
        return await answer(request);
      },
    );
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
