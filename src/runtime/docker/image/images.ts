/** Sees to it that the image of a workload is here before anything that runs is touched for it. */
import type { Clock } from "../../../clock.ts";
import { Failure } from "../../../failure.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import { unlessAborted } from "../../../until_aborted.ts";
import type { Progress } from "../../runtime.ts";
import type { Engine } from "../engine.ts";
import { pullRefusal } from "../refusal.ts";
import type { ImageAnswer } from "../wire.ts";
import type { ImageDigests } from "./digests.ts";
import { imagePath } from "./name.ts";
import { checkPlatform } from "./platform.ts";
import { pull } from "./pull.ts";

export interface ImagesOptions {
  engine: Engine;
  digests: ImageDigests;
  clock: Clock;
}

export class Images {
  readonly #options: ImagesOptions;
  /** The end of the last pull: one at a time, since a small device gains nothing from two. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /** Pulls the image unless it is there. Throws a `Failure`, or the signal's reason as soon as it aborts. */
  async ensure(workload: DockerWorkload, progress: Progress, signal: AbortSignal): Promise<void> {
    const { image, pinnedImage } = workload;
    const found = pinnedImage !== null
      ? await this.#pinned(pinnedImage, image)
      : await this.#look(image) ?? await this.#pulledInTurn(image, progress, signal);
    await checkPlatform(image, {
      needs: found.Architecture ?? "",
      has: await this.#options.engine.architecture(),
    });
  }

  /** What was healthy comes back without a registry, or not at all. */
  async #pinned(id: string, image: string): Promise<ImageAnswer> {
    const found = await this.#look(id);
    if (found !== null) return found;
    throw new Failure(`Image "${image}" as it was last healthy ("${id.slice(0, 19)}") is not on this device any more`, {
      kind: "refused",
      reason: "image_not_found",
      hint: "push a revision with an image that can be pulled",
    });
  }

  /** By name or id; null when it is not there. */
  async #look(image: string): Promise<ImageAnswer | null> {
    const { status, body } = await this.#options.engine.call(`GET /images/${imagePath(image)}/json`, {
      task: `look at image "${image}"`,
      accept: [404],
    });
    return status === 404 ? null : body as ImageAnswer;
  }

  async #pulledInTurn(image: string, progress: Progress, signal: AbortSignal): Promise<ImageAnswer> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = before.then(() => done);
    try {
      progress(`waiting to pull ${image}`);
      await unlessAborted(before, signal);
      return await this.#look(image) ?? await this.#pull(image, progress, signal);
    } finally {
      resolve();
    }
  }

  async #pull(image: string, progress: Progress, signal: AbortSignal): Promise<ImageAnswer> {
    const { engine, digests, clock } = this.#options;
    await pull({ engine, clock, image, progress, signal });
    digests.forget();
    const found = await this.#look(image);
    if (found === null) throw pullRefusal(image, "it is not there after the pull");
    return found;
  }
}
