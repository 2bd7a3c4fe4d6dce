/**
 * Named volumes for the paths that images declare as VOLUME. Docker's own volumes for them end with the container: a new
 * container begins with an empty one. A volume of ours belongs to a slot of a workload and a path, and is never removed.
 */
import { Failure } from "../../../failure.ts";
import { logger } from "../../../log.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import { createdFrom, LABEL, unnamedVolumes } from "../container.ts";
import type { Engine } from "../engine.ts";
import { imageConfig } from "../image/image_config.ts";
import type { InspectedContainer, VolumeAnswer, VolumesAnswer } from "../api_types.ts";
import { declaredPaths, nextOrder, type VolumeKey, volumeLabels, volumeNames, volumeOf } from "./volume_owner.ts";

const log = logger("docker");

/** No image that we know declares more than five. */
const MAX_DECLARED = 64;

export class Volumes {
  readonly #engine: Engine;
  readonly #deviceId: string;
  /** Containers whose volumes were taken over: nothing of a container's volumes ever changes. */
  readonly #kept = new Set<string>();

  constructor(engine: Engine, { deviceId }: { deviceId: string }) {
    this.#engine = engine;
    this.#deviceId = deviceId;
  }

  /**
   * The volumes that a new container of the slot needs beside the mounts of its manifest: name by path. Makes what is
   * missing, named volumes of the manifest too. `formerNames` are names that the workload had before.
   */
  async prepare(
    workload: DockerWorkload,
    { slot, formerNames }: { slot: number; formerNames: readonly string[] },
  ): Promise<ReadonlyMap<string, string>> {
    for (const mount of workload.mounts) if (mount.type === "volume") await this.#makeNamed(mount.source);
    const config = await imageConfig(this.#engine, createdFrom(workload));
    const mounted = new Set(declaredPaths(Object.fromEntries(workload.mounts.map(({ target }) => [target, {}]))));
    const paths = declaredPaths(config?.Volumes).filter((path) => !mounted.has(path));
    if (paths.length > MAX_DECLARED) {
      throw new Failure(`Image "${workload.image}" declares ${paths.length} volumes, more than ${MAX_DECLARED}`, {
        kind: "mistake",
        reason: "start_failed",
        hint: "use an image that declares fewer",
      });
    }
    const found = new Map<string, string>();
    for (const path of paths) {
      found.set(path, await this.#of({ workload: workload.name, slot, path }, formerNames));
    }
    return found;
  }

  /**
   * Remembers the volumes that Docker named by itself for a container of ours, so that the next container of its slot
   * gets them. To be called before a container is removed; what it could not remember it throws.
   */
  async keep(container: InspectedContainer): Promise<void> {
    const labels = container.Config.Labels ?? {};
    const { [LABEL.workload]: workload, [LABEL.slot]: slot } = labels;
    const unnamed = unnamedVolumes(container);
    if (unnamed.size === 0 || this.#kept.has(container.Id) || workload === undefined) return;
    for (const [path, name] of unnamed) await this.#claim({ workload, slot: Number(slot), path }, name);
    this.#kept.add(container.Id);
  }

  /**
   * As `keep`, for all containers of the device that have such volumes, before somebody removes one by hand. Never throws:
   * it is called again with the next observation, and `keep` before each removal.
   */
  async keepAll(containers: ReadonlyMap<string, InspectedContainer>): Promise<void> {
    for (const id of this.#kept) if (!containers.has(id)) this.#kept.delete(id);
    try {
      for (const container of containers.values()) await this.keep(container);
    } catch (error) {
      log.debug("{error}", { error });
    }
  }

  async #of(place: VolumeKey, formerNames: readonly string[]): Promise<string> {
    const volumes = await this.#list();
    const known = volumeOf(volumes, place);
    if (known !== null && await this.#isThere(known)) return known;
    if (known !== null) {
      log.warn('volume "{name}" of {workload}[{slot}] is gone: "{path}" begins empty', { name: known, ...place });
    }
    for (const workload of formerNames) {
      const former = volumeOf(volumes, { ...place, workload });
      if (former === null || !await this.#isThere(former)) continue;
      await this.#claim(place, former);
      return former;
    }
    const made = await this.#make(place, volumeLabels(place, { deviceId: this.#deviceId }));
    // A claim on a volume that is gone would outdo it.
    if (known !== null) await this.#claim(place, made);
    return made;
  }

  async #claim(place: VolumeKey, name: string): Promise<void> {
    const volumes = await this.#list();
    const before = volumeOf(volumes, place);
    if (before === name) return;
    if (before !== null) {
      log.warn('"{path}" of {workload}[{slot}] is in volume "{name}" now; "{before}" stays', {
        ...place,
        name,
        before,
      });
    }
    const claimed = { name, order: nextOrder(volumes) };
    await this.#make(place, volumeLabels(place, { deviceId: this.#deviceId, claimed }));
  }

  /** Under the first name that is free. */
  async #make(place: VolumeKey, labels: Record<string, string>): Promise<string> {
    for (const name of volumeNames(place)) {
      if (await this.#isThere(name)) continue;
      const made = await this.#create(name, labels);
      // Somebody else was faster, and Docker answers with theirs.
      if (Object.entries(labels).every(([label, value]) => made.Labels?.[label] === value)) return name;
    }
    throw new Failure(`there is no free name for the volume of "${place.path}" of "${place.workload}"`, {
      kind: "refused",
      reason: "name_conflict",
      hint: "remove volumes that nothing uses: docker volume ls",
    });
  }

  /** Before the container, since Podman gives no labels to a volume that it makes with one. */
  async #makeNamed(name: string): Promise<void> {
    if (!await this.#isThere(name)) await this.#create(name, { [LABEL.device]: this.#deviceId });
  }

  async #create(name: string, labels: Record<string, string>): Promise<VolumeAnswer> {
    const { body } = await this.#engine.call("POST /volumes/create", {
      task: `create volume "${name}"`,
      body: { Name: name, Labels: labels },
    });
    return body as VolumeAnswer;
  }

  async #isThere(name: string): Promise<boolean> {
    const route = `GET /volumes/${encodeURIComponent(name)}`;
    return (await this.#engine.call(route, { task: `look at volume "${name}"`, accept: [404] })).status !== 404;
  }

  async #list(): Promise<readonly VolumeAnswer[]> {
    const { body } = await this.#engine.call("GET /volumes", {
      task: "list volumes",
      query: { filters: JSON.stringify({ label: [`${LABEL.device}=${this.#deviceId}`] }) },
    });
    return (body as VolumesAnswer).Volumes ?? [];
  }
}
