/**
 * Follows tags: asks registries now and then what the images of workloads stand for, and remembers what is new. What
 * follows from that is the planner's.
 */
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import type { Instance } from "../model/instance.ts";
import type { DockerWorkload } from "../model/workload.ts";
import { afterDigestCheck, restoredImageState } from "./pipeline/pin_image.ts";
import type { Clock } from "../clock.ts";
import type { Desired } from "../model/desired.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { WorkloadStateStore } from "../store/workload_state_store.ts";
import type { Observer } from "./observer.ts";

const log = logger("image");

/** How soon a push that begins or ends the following of a tag is seen. */
const TICK_MS = 5_000;
/** The first look comes within this time, at random: a fleet that comes back from a power cut asks one registry. */
const FIRST_LOOK_MS = 10 * 60_000;
/** Part of an interval that is left to chance. */
const JITTER = 0.1;

export interface ImageUpdateOptions {
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  states: WorkloadStateStore;
  observer: Observer;
  /** Workloads with an operation under way. */
  busy: { has(workload: string): boolean };
  clock: Clock;
  stopped: AbortSignal;
  desired(): Desired | null;
  isShuttingDown(): boolean;
  /** Called when a tag stands for another image. */
  onNewImage(): void;
}

export interface ImageStateInput extends Pick<ImageUpdateOptions, "states" | "observer" | "busy"> {
  desired: Desired | null;
}

/** Until the daemon stops. Never throws but for that. */
export async function imageUpdateLoop(options: ImageUpdateOptions): Promise<void> {
  const { clock, stopped } = options;
  const looks = new Looks();
  while (!stopped.aborted) {
    const now = clock.monotonic();
    for (const spec of looks.due(followed(options), now)) {
      await look(options, spec, looks);
      if (stopped.aborted) return;
    }
    const waitMs = Math.min(TICK_MS, looks.nextAt - clock.monotonic());
    await clock.sleep(Math.max(0, waitMs), stopped).catch(() => {});
  }
}

/** Once, for each workload whose memory was lost and whose instances tell what it was. */
export async function restoreImageState({ desired, states, observer, busy }: ImageStateInput): Promise<void> {
  for (const spec of desiredSpecs(desired)) {
    const state = states.all.get(spec.name);
    if (state?.image?.reference === spec.image || busy.has(spec.name)) continue;
    const image = restoredImageState(spec, containersOf(observer, spec.name));
    if (image !== null) await states.save({ ...states.get(spec.name), image });
  }
}

/** When each image is asked for again. */
class Looks {
  readonly #at = new Map<string, number>();
  /** The last complaint of each, so that a registry that is away is told of once. */
  readonly complaints = new Map<string, string>();

  due(specs: readonly DockerWorkload[], now: number): DockerWorkload[] {
    const keys = new Set(specs.map(keyOf));
    for (const key of this.#at.keys()) if (!keys.has(key)) this.#at.delete(key);
    return specs.filter((spec) => {
      const { intervalMs } = spec.imageUpdates!;
      const at = this.#at.get(keyOf(spec)) ?? now + Math.random() * Math.min(intervalMs, FIRST_LOOK_MS);
      const isDue = at <= now;
      this.#at.set(keyOf(spec), isDue ? now + intervalMs * (1 - JITTER + 2 * JITTER * Math.random()) : at);
      return isDue;
    });
  }

  get nextAt(): number {
    return Math.min(...this.#at.values());
  }
}

async function look(options: ImageUpdateOptions, spec: DockerWorkload, { complaints }: Looks): Promise<void> {
  const { runtimes, states, observer, busy, clock, stopped, onNewImage } = options;
  const { name } = spec;
  try {
    const digest = await runtimes.get("docker")?.latestImage?.(spec, stopped) ?? null;
    complaints.delete(name);
    const running = containersOf(observer, name).find((instance) => instance.state === "running")?.imageDigest ?? null;
    // Before its first container it is made of whatever the registry has then. A chain under way writes memory, too.
    if (digest === null || busy.has(name) || containersOf(observer, name).length === 0) return;
    const state = states.all.get(name);
    const image = afterDigestCheck(spec, { state, digest, running, now: clock.now() });
    if (image === null) return;
    if (image.seen !== undefined) log.info('"{image}" stands for {digest} now', { image: spec.image, digest });
    await states.save({ ...states.get(name), image });
    onNewImage();
  } catch (error) {
    if (stopped.aborted) return;
    const { message } = asFailure(error);
    if (complaints.get(name) !== message) log.warn("{name} stays as it is: {message}", { name, message });
    complaints.set(name, message);
  }
}

/** As manifests name them, of every way that a workload may run. */
function desiredSpecs(desired: Desired | null): DockerWorkload[] {
  const specs = (desired?.workloads ?? []).flatMap((spec) => desired?.choices?.get(spec.name)?.specs ?? [spec]);
  return specs.filter((spec) => spec.runtime === "docker");
}

function followed({ runtimes, desired, isShuttingDown }: ImageUpdateOptions): DockerWorkload[] {
  const isFollowing = runtimes.has("docker") && !isShuttingDown();
  return isFollowing
    ? desiredSpecs(desired()).filter((spec) => spec.imageUpdates !== null && spec.enabled && !spec.suspend)
    : [];
}

function containersOf(observer: Observer, workload: string): Instance[] {
  return observer.instancesOf(workload).filter((instance) => instance.runtime === "docker");
}

function keyOf({ name, image, imageUpdates }: DockerWorkload): string {
  return `${name} ${image} ${imageUpdates?.intervalMs}`;
}
