/** The digests that registries know an image by, beside the id that this device knows it by. */
import { Failure } from "../../../failure.ts";
import type { Engine } from "../engine.ts";
import { pullError } from "../engine_error.ts";
import type { DistributionAnswer, ImageAnswer } from "../api_types.ts";
import { authHeaders, type Login } from "./registry_login.ts";
import { digestIn, imagePath } from "../../../model/image_name.ts";

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

/** Asks the registry by way of Docker, which speaks to it as it does for a pull. Brings nothing. */
export async function latestDigest(
  { engine, image, login, signal }: { engine: Engine; image: string; login: Login | null; signal: AbortSignal },
): Promise<string> {
  const task = `ask for the digest of image "${image}"`;
  try {
    const { body } = await engine.call(`GET /distribution/${imagePath(image)}/json`, {
      task,
      headers: authHeaders(login),
      timeoutMs: 60_000,
      signal,
    });
    const digest = (body as DistributionAnswer | null)?.Descriptor?.digest;
    if (digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
    throw pullError({ image, login }, "its registry tells no digest");
  } catch (error) {
    if (!(error instanceof Failure) || error.reason !== "docker_error") throw error;
    throw pullError({ image, login }, error.message.replace(`Docker cannot ${task}: `, ""));
  }
}
