/** Which images this device pulled. Losing the list leaves images on the disk, and removes none. */
import { dirname } from "node:path";
import { canonical } from "../model/fingerprint.ts";
import type { PulledImage } from "../model/pulled_image.ts";
import { StateDisk } from "./state_writer.ts";
import type { Format } from "./versioned_file.ts";

export const IMAGES: Format<PulledImage[]> = {
  version: 1,
  check(value) {
    const isImage = (partial: Partial<PulledImage> | null) =>
      typeof partial?.id === "string" && Array.isArray(partial.names) &&
      partial.names.every((name) => typeof name === "string");
    return Array.isArray(value) && value.every(isImage) ? value as PulledImage[] : null;
  },
};

export class ImageInventory {
  readonly #path: string;
  readonly #disk: StateDisk;
  #images: readonly PulledImage[];

  private constructor(path: string, disk: StateDisk, images: readonly PulledImage[]) {
    this.#path = path;
    this.#disk = disk;
    this.#images = images;
  }

  static async open(path: string, disk = new StateDisk({ root: dirname(path) })): Promise<ImageInventory> {
    return new ImageInventory(path, disk, await disk.read(path, IMAGES) ?? []);
  }

  get images(): readonly PulledImage[] {
    return this.#images;
  }

  /** Writes the list unless the disk already says the same. Never rejects. */
  async save(images: readonly PulledImage[]): Promise<void> {
    if (canonical(images) === canonical(this.#images)) return;
    this.#images = images;
    await this.#disk.write(this.#path, IMAGES, () => [...this.#images]);
  }
}
