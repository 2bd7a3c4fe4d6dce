/** Brings an image that is not there. One that is there is never asked for again, whatever its tag means elsewhere. */
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import { unlessAborted } from "../../until_aborted.ts";
import type { Progress } from "../runtime.ts";
import type { Engine } from "./engine.ts";
import { checkPlatform } from "./platform.ts";
import { pullRefusal } from "./refusal.ts";
import { jsonLines } from "./stream.ts";
import type { ImageAnswer, PullLine } from "./wire.ts";

/** Docker reports every second while it downloads, and is silent while it unpacks a big layer on a slow card. */
const SILENCE_MS = 5 * 60_000;
/** Often enough to be watched by a person. */
const REPORT_EVERY_MS = 500;

export class Images {
  readonly #engine: Engine;
  readonly #clock: Clock;
  /** The end of the last pull: one at a time, since a small device gains nothing from two. */
  #last: Promise<void> = Promise.resolve();

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Its architecture; null when the image is not there. */
  async #architecture(image: string): Promise<string | null> {
    const path = imagePath(image);
    const { status, body } = await this.#engine.call(`GET /images/${path}/json`, {
      task: `look at image "${image}"`,
      accept: [404],
    });
    return status === 404 ? null : (body as ImageAnswer).Architecture ?? "";
  }

  /** Pulls the image unless it is there. Throws a `Failure`, or the signal's reason as soon as it aborts. */
  async ensure(image: string, progress: Progress, signal: AbortSignal): Promise<void> {
    const needs = await this.#architecture(image) ?? await this.#pulledInTurn(image, progress, signal);
    await checkPlatform(image, { needs, has: await this.#engine.architecture() });
  }

  async #pulledInTurn(image: string, progress: Progress, signal: AbortSignal): Promise<string> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = before.then(() => done);
    try {
      progress(`waiting to pull ${image}`);
      await unlessAborted(before, signal);
      return await this.#architecture(image) ?? await this.#pull(image, progress, signal);
    } finally {
      resolve();
    }
  }

  async #pull(image: string, progress: Progress, signal: AbortSignal): Promise<string> {
    progress(`pulling ${image}`);
    const download = new Download(image);
    let told = this.#clock.monotonic();
    const failed = await this.#lines(image, signal, (line) => {
      download.add(line);
      if (this.#clock.monotonic() - told < REPORT_EVERY_MS) return;
      told = this.#clock.monotonic();
      progress(download.sentence());
    });
    if (failed !== null) throw pullRefusal(image, failed);
    const architecture = await this.#architecture(image);
    if (architecture === null) throw pullRefusal(image, "it is not there after the pull");
    return architecture;
  }

  /** What went wrong as Docker says it; null for nothing. An error comes inside a stream that began with success, too. */
  async #lines(image: string, signal: AbortSignal, each: (line: PullLine) => void): Promise<string | null> {
    const stream = this.#engine.stream("POST /images/create", {
      task: `pull image "${image}"`,
      query: pullQuery(image),
      // Docker begins to answer when the registry has.
      timeoutMs: SILENCE_MS,
      idleMs: SILENCE_MS,
      signal,
    });
    try {
      for await (const line of jsonLines<PullLine>(stream)) {
        if (line.error !== undefined) return line.error;
        each(line);
      }
      return null;
    } catch (error) {
      const refused = error instanceof Failure && error.reason === "docker_error";
      if (refused) return error.message.replace(/^Docker cannot pull image "[^"]*": /, "");
      throw error;
    }
  }
}

/** Bytes of all layers together. */
class Download {
  readonly #layers = new Map<string, { current: number; total: number }>();

  constructor(readonly image: string) {}

  add({ id, status, progressDetail }: PullLine): void {
    if (id === undefined) return;
    const { current = 0, total = 0 } = progressDetail ?? {};
    if (status === "Downloading" && total > 0) this.#layers.set(id, { current, total });
    const layer = this.#layers.get(id);
    if (layer !== undefined && status !== "Downloading") layer.current = layer.total;
  }

  /** "pulling nginx:1.27: 12.4 of 68.0 MB" */
  sentence(): string {
    const layers = [...this.#layers.values()];
    if (layers.length === 0) return `pulling ${this.image}`;
    const megabytes = (key: "current" | "total") => (layers.reduce((sum, one) => sum + one[key], 0) / 1e6).toFixed(1);
    return `pulling ${this.image}: ${megabytes("current")} of ${megabytes("total")} MB`;
  }
}

/** Without a tag Docker would bring every tag there is. */
export function pullQuery(image: string): { fromImage: string; tag: string } {
  const [name = "", digest] = image.split("@");
  const colon = name.lastIndexOf(":");
  const tagged = colon > name.lastIndexOf("/");
  return {
    fromImage: tagged ? name.slice(0, colon) : name,
    tag: digest ?? (tagged ? name.slice(colon + 1) : "latest"),
  };
}

/** A name from git becomes part of a path: nothing in it may lead elsewhere. */
function imagePath(image: string): string {
  if (!/^[a-zA-Z0-9][\w.:@/-]*$/.test(image) || image.split("/").some((part) => /^\.*$/.test(part))) {
    throw new Failure(`"${image}" is not the name of an image`, {
      kind: "mistake",
      reason: "image_not_found",
      hint: 'write it like "nginx:1.27" or "registry.example.org/team/web:1"',
    });
  }
  return image;
}
