/** Sees to it that the image of a workload is here before anything that runs is touched for it. */
import type { Clock } from "../../../clock.ts";
import { Failure } from "../../../failure.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import { abortable } from "../../../async/abortable.ts";
import type { Progress } from "../../runtime.ts";
import { createdFrom } from "../container.ts";
import type { Engine } from "../engine.ts";
import { pullError } from "../engine_error.ts";
import type { ImageAnswer } from "../api_types.ts";
import { cleanImages } from "./unused_images.ts";
import type { Credentials } from "./find_registry_login.ts";
import { type ImageDigests, latestDigest } from "./image_digests.ts";
import { imageIds, type PulledImages, recordPulled } from "./pulled_images.ts";
import { imagePath, registryOf } from "../../../model/image_name.ts";
import { checkPlatform, isFor } from "./check_platform.ts";
import { pull } from "./pull_image.ts";
import { checkImageSpace } from "./image_disk_space.ts";

/** What somebody else's container still used may be free by then. */
const CLEAN_AGAIN_MS = 10 * 60_000;

export interface ImagesOptions {
  engine: Engine;
  digests: ImageDigests;
  credentials: Credentials;
  inventory: PulledImages;
  diskReserveBytes: number;
  clock: Clock;
}

interface Ensure {
  isKnown: boolean;
  progress: Progress;
  signal: AbortSignal;
}

export class Images {
  readonly #options: ImagesOptions;
  /** The end of the last pull or cleaning: one at a time, since a small device gains nothing from two. */
  #last: Promise<void> = Promise.resolve();

  /** What was cleaned for, and until when that counts. */
  #kept: { key: string; until: number } | null = null;

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /**
   * Pulls the image where its workload's `pull` asks for it; `isKnown` are specs that a container was made of already,
   * for which no registry is asked again. Throws a `Failure`, or the signal's reason as soon as it aborts.
   */
  async ensure(workload: DockerWorkload, { isKnown, progress, signal }: Ensure): Promise<void> {
    const { image, pinnedImage, platform } = workload;
    const has = await this.#options.engine.architecture();
    // Before the pull, which would take its time first.
    if (platform !== null) await checkPlatform(image, { needs: platform.split("/")[1]!, has });
    const found = pinnedImage !== null
      ? await this.#pinned(pinnedImage, image)
      : await this.#brought(workload, { isKnown, progress, signal });
    await checkPlatform(image, { needs: found.Architecture ?? "", has });
  }

  async #brought(workload: DockerWorkload, { isKnown, progress, signal }: Ensure): Promise<ImageAnswer> {
    const { image, pull } = workload;
    const asks = pull === "always" && !isKnown;
    const found = asks ? null : await this.#fitting(workload);
    if (found !== null) return found;
    if (pull !== "never") return await this.#pulledInTurn(workload, { asks, progress, signal });
    throw new Failure(`Image "${image}" is not on this device, and its manifest says pull = "never"`, {
      kind: "refused",
      reason: "image_not_found",
      hint: `bring it with: docker pull ${image}`,
    });
  }

  /** Null for an image that is not there, or is there for another platform than asked for. */
  async #fitting({ image, platform }: DockerWorkload): Promise<ImageAnswer | null> {
    const found = await this.#look(image);
    return found !== null && isFor(platform, found) ? found : null;
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

  /** What the name stands for in its registry now. Throws a `Failure` where that is not told. */
  async latest(image: string, signal: AbortSignal): Promise<string> {
    const { engine, credentials } = this.#options;
    const login = await credentials.of(registryOf(image));
    return await latestDigest({ engine, image, login, signal });
  }

  /**
   * Removes images that were pulled for specs other than these. Never while one is pulled, and not again while nothing
   * has changed: `used` are the images of this device's own containers.
   */
  async keep(specs: readonly DockerWorkload[], used: readonly string[]): Promise<void> {
    const { inventory, clock } = this.#options;
    if (inventory.images.length === 0) return;
    const key = [...specs.map(createdFrom), "", ...used].join(" ");
    if (this.#kept?.key === key && clock.monotonic() < this.#kept.until) return;
    this.#kept = { key, until: clock.monotonic() + CLEAN_AGAIN_MS };
    await this.#inTurn(async () => {
      if (await cleanImages(this.#options, specs)) this.#kept = { key, until: Infinity };
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

  async #pulledInTurn(
    workload: DockerWorkload,
    { asks, progress, signal }: { asks: boolean; progress: Progress; signal: AbortSignal },
  ): Promise<ImageAnswer> {
    progress(`waiting to pull ${workload.image}`);
    return await this.#inTurn(async () => {
      const found = asks ? null : await this.#fitting(workload);
      return found ?? await this.#pull(workload, progress, signal);
    }, signal);
  }

  async #inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = before.then(() => done);
    try {
      await (signal === undefined ? before : abortable(before, signal));
      return await work();
    } finally {
      resolve();
    }
  }

  async #pull(workload: DockerWorkload, progress: Progress, signal: AbortSignal): Promise<ImageAnswer> {
    const { engine, digests, credentials, inventory, diskReserveBytes, clock } = this.#options;
    const { image, platform } = workload;
    await checkImageSpace(engine, { image, reserveBytes: diskReserveBytes });
    const before = await imageIds(engine);
    const login = await credentials.of(registryOf(image));
    await pull({ engine, clock, image, platform, login, progress, signal });
    digests.forget();
    const found = await this.#fitting(workload);
    if (found?.Id !== undefined) await recordPulled(inventory, { id: found.Id, name: image, before });
    if (found === null) throw pullError({ image, login }, "it is not there after the pull");
    return found;
  }
}
