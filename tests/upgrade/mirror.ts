/** Releases of several versions on one server of loopback, a folder for each. */
import type { BuildFile } from "./other_build.ts";
import { ReleaseServer } from "./release_server.ts";

export class Mirror implements AsyncDisposable {
  readonly #front: Deno.HttpServer<Deno.NetAddr>;
  /** Further files at the top, by name. */
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();

  private constructor(readonly releases: ReadonlyMap<string, ReleaseServer>) {
    this.#front = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const [, folder = "", name] = new URL(request.url).pathname.split("/");
      const file = name === undefined ? this.files.get(folder) : undefined;
      if (file !== undefined) return new Response(file);
      return releases.get(folder)?.answer(name ?? "") ?? new Response("", { status: 404 });
    });
  }

  /** `architecture`: whose executables they are; default: this machine's. */
  static async start(builds: BuildFile[], architecture: string = Deno.build.arch): Promise<Mirror> {
    const servers = builds.map(async ({ bytes, version, commit }) =>
      [version, await ReleaseServer.start(bytes, { version, commit, architecture })] as const
    );
    return new Mirror(new Map(await Promise.all(servers)));
  }

  /** As whoever reaches it under `host` writes `release_url`. */
  url(host: string): string {
    return `${this.top(host)}/{version}`;
  }

  top(host: string): string {
    return `http://${host}:${this.#front.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#front.shutdown();
    for (const release of this.releases.values()) await release[Symbol.asyncDispose]();
  }
}
