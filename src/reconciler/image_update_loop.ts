/**
 * Follows tags: asks registries now and then what the images of workloads stand for, and remembers what is new. What
 * follows from that is the planner's.
 */
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import { newState } from "../model/workload_state.ts";
import { type Instance, observedInstances } from "../model/instance.ts";
import type { DockerWorkload } from "../model/workload.ts";
import { afterDigestCheck, restoredImageState } from "./pipeline/pin_image.ts";
import type { Device } from "../daemon/device.ts";

const log = logger("image");

/** How soon a push that begins or ends the following of a tag is seen. */
const TICK_MS = 5_000;
/** The first look comes within this time, at random: a fleet that comes back from a power cut asks one registry. */
const FIRST_LOOK_MS = 10 * 60_000;
/** Part of an interval that is left to chance. */
const JITTER = 0.1;

/** Until the daemon stops. Never throws but for that. */
export async function imageUpdateLoop(device: Device): Promise<void> {
  const looks = new Looks();
  while (!device.stopped.aborted) {
    const now = device.clock.monotonic();
    for (const spec of looks.due(followed(device), now)) {
      await look(device, spec, looks);
      if (device.stopped.aborted) return;
    }
    const waitMs = Math.min(TICK_MS, looks.nextAt - device.clock.monotonic());
    await device.clock.sleep(Math.max(0, waitMs), device.stopped).catch(() => {});
  }
}

/** Once, for each workload whose memory was lost and whose instances tell what it was. */
export async function restoreImageState(device: Device): Promise<void> {
  for (const spec of desiredSpecs(device)) {
    const state = device.workloadStates.all.get(spec.name);
    if (state?.image?.reference === spec.image || device.operations.has(spec.name)) continue;
    const image = restoredImageState(spec, instancesOf(device, spec.name));
    if (image !== null) await device.workloadStates.save({ ...state ?? newState(spec.name), image });
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

async function look(device: Device, spec: DockerWorkload, { complaints }: Looks): Promise<void> {
  const { name } = spec;
  try {
    const digest = await device.runtimes.get("docker")?.latestImage(spec, device.stopped) ?? null;
    complaints.delete(name);
    const running = instancesOf(device, name).find((instance) => instance.state === "running")?.imageDigest ?? null;
    // Before its first container it is made of whatever the registry has then. A chain under way writes memory, too.
    if (digest === null || device.operations.has(name) || instancesOf(device, name).length === 0) return;
    const state = device.workloadStates.all.get(name);
    const image = afterDigestCheck(spec, { state, digest, running, now: device.clock.now() });
    if (image === null) return;
    if (image.seen !== undefined) log.info('"{image}" stands for {digest} now', { image: spec.image, digest });
    await device.workloadStates.save({ ...state ?? newState(name), image });
    device.trigger.fire();
  } catch (error) {
    if (device.stopped.aborted) return;
    const { message } = asFailure(error);
    if (complaints.get(name) !== message) log.warn("{name} stays as it is: {message}", { name, message });
    complaints.set(name, message);
  }
}

/** As manifests name them, of every way that a workload may run. */
function desiredSpecs({ desired }: Device): DockerWorkload[] {
  const specs = (desired?.workloads ?? []).flatMap((spec) => desired?.choices?.get(spec.name)?.specs ?? [spec]);
  return specs.filter((spec) => spec.runtime === "docker");
}

function followed(device: Device): DockerWorkload[] {
  const here = device.runtimes.has("docker") && device.shutdownKind === null;
  return here ? desiredSpecs(device).filter((spec) => spec.imageUpdates !== null && spec.enabled && !spec.suspend) : [];
}

function instancesOf({ observations }: Device, name: string): Instance[] {
  const all = observedInstances(observations);
  return all.filter((instance) => instance.workload === name && instance.runtime === "docker");
}

function keyOf({ name, image, imageUpdates }: DockerWorkload): string {
  return `${name} ${image} ${imageUpdates?.intervalMs}`;
}
