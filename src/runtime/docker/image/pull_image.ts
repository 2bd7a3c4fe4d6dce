/** One pull: asks Docker for an image, says how far it is, and finds out whether it went well. */
import type { Clock } from "../../../clock.ts";
import { Failure } from "../../../failure.ts";
import type { Progress } from "../../runtime.ts";
import type { Engine } from "../engine.ts";
import { pullError } from "../engine_error.ts";
import { jsonLines } from "../log_stream.ts";
import type { PullLine } from "../api_types.ts";
import { authHeaders, type Login } from "./registry_login.ts";
import { pullQuery } from "../../../model/image_name.ts";
import { formatTransferred } from "../../../model/size.ts";

/** Docker reports every second while it downloads, and is silent while it unpacks a big layer on a slow card. */
const SILENCE_MS = 5 * 60_000;
/** Often enough to be watched by a person. */
const REPORT_EVERY_MS = 500;

export interface PullOptions {
  engine: Engine;
  clock: Clock;
  image: string;
  /** Null: the device's. */
  platform: string | null;
  /** Who asks; null for nobody in particular. */
  login: Login | null;
  progress: Progress;
  /** Ends the pull with the signal's reason. */
  signal: AbortSignal;
}

/** Throws a `Failure` for whatever the registry or Docker refuse, also in the middle. */
export async function pull(options: PullOptions): Promise<void> {
  const { clock, image, login, progress } = options;
  progress(`pulling ${image}`);
  const download = new Download(image);
  let told = clock.monotonic();
  const failed = await follow(options, (line) => {
    download.add(line);
    if (clock.monotonic() - told < REPORT_EVERY_MS) return;
    told = clock.monotonic();
    progress(download.sentence());
  });
  if (failed !== null) throw pullError({ image, login }, failed);
}

/** What went wrong as Docker says it; null for nothing. An error comes inside a stream that began with success, too. */
async function follow(
  { engine, image, platform, login, signal }: PullOptions,
  each: (line: PullLine) => void,
): Promise<string | null> {
  const stream = engine.stream("POST /images/create", {
    task: `pull image "${image}"`,
    query: { ...pullQuery(image), ...(platform === null ? {} : { platform }) },
    headers: authHeaders(login),
    // Docker begins to answer when the registry has.
    timeoutMs: SILENCE_MS,
    idleMs: SILENCE_MS,
    signal,
  });
  try {
    for await (const line of jsonLines<PullLine>(stream)) {
      const failed = line.errorDetail?.message ?? line.error;
      if (failed !== undefined) return failed;
      each(line);
    }
    return null;
  } catch (error) {
    const refused = error instanceof Failure && error.reason === "docker_error";
    if (refused) return error.message.replace(/^Docker cannot pull image "[^"]*": /, "");
    throw error;
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
    const bytes = (key: "current" | "total") => layers.reduce((sum, layer) => sum + layer[key], 0);
    return `pulling ${this.image}: ${formatTransferred(bytes("current"), bytes("total"))}`;
  }
}
