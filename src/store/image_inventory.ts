/** Which images this device pulled. Losing the list leaves images on the disk, and removes none. */
import { canonical } from "../model/fingerprint.ts";
import type { PulledImage } from "../model/pulled_image.ts";
import { type Format, readVersioned, writeVersioned } from "./versioned_file.ts";

export const IMAGES: Format<PulledImage[]> = {
  version: 1,
  check(value) {
    const isImage = (one: Partial<PulledImage> | null) =>
      typeof one?.id === "string" && Array.isArray(one.names) && one.names.every((name) => typeof name === "string");
    return Array.isArray(value) && value.every(isImage) ? value as PulledImage[] : null;
  },
};

export class ImageInventory {
  readonly #path: string;
  #images: readonly PulledImage[];

  private constructor(path: string, images: readonly PulledImage[]) {
    this.#path = path;
    this.#images = images;
  }

  static async open(path: string): Promise<ImageInventory> {
    return new ImageInventory(path, await readVersioned(path, IMAGES) ?? []);
  }

  get images(): readonly PulledImage[] {
    return this.#images;
  }

  /** Writes the list unless the disk already says the same. */
  async save(images: readonly PulledImage[]): Promise<void> {
    if (canonical(images) === canonical(this.#images)) return;
    await writeVersioned(this.#path, IMAGES, [...images]);
    this.#images = images;
  }
}
