/** The digests that registries know an image by, beside the id that this device knows it by. */
import type { Engine } from "../engine.ts";
import type { ImageAnswer } from "../wire.ts";
import { digestIn } from "./name.ts";

export class ImageDigests {
  readonly #engine: Engine;
  /** Names with digests, by image id: what an id stands for never changes, only what it is called. */
  readonly #names = new Map<string, readonly string[]>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Null where the image came from no registry, or Docker does not say. Never throws: it is for reading alone. */
  async of({ id, image }: { id: string; image: string }): Promise<string | null> {
    const names = this.#names.get(id) ?? await this.#ask(id).catch(() => []);
    return digestIn(names, image);
  }

  /** After a pull, which may give an image another name. */
  forget(): void {
    this.#names.clear();
  }

  async #ask(id: string): Promise<readonly string[]> {
    const { status, body } = await this.#engine.call(`GET /images/${encodeURIComponent(id)}/json`, {
      task: "look at an image",
      accept: [404],
      timeoutMs: 20_000,
    });
    const names = status === 404 ? [] : (body as ImageAnswer).RepoDigests ?? [];
    this.#names.set(id, names);
    return names;
  }
}
