/** The memory of workloads on disk: one file a workload, written only when it says something new. */
import { join } from "node:path";
import { canonical } from "../model/fingerprint.ts";
import { containerOptions } from "../model/container_options.ts";
import type { Applied, WorkloadMemory } from "../model/memory.ts";
import { rolloutPolicy } from "../model/rollout_policy.ts";
import { raise2 } from "./older_workload.ts";
import { StateDisk } from "./state_disk.ts";
import type { Format } from "./versioned_file.ts";

export const WORKLOAD: Format<WorkloadMemory> = {
  version: 3,
  raise: { 2: raise2 },
  check(value) {
    const memory = value as Partial<WorkloadMemory> | null;
    if (memory === null || typeof memory !== "object" || typeof memory.name !== "string") return null;
    if (typeof memory.slots !== "object" || memory.slots === null || memory.applied === undefined) return null;
    return memory.applied === null ? memory as WorkloadMemory : complete(memory as WorkloadMemory, memory.applied);
  },
};

/** Fields of specs that an older version did not know yet, as one that does not ask for them has them. */
const LATER = {
  devices: [],
  gpus: null,
  rollout: rolloutPolicy(),
  windows: [],
  drift: "repair",
  movedFrom: null,
} as const;
const OF_IMAGES = { pinnedImage: null, pull: "missing", platform: null, imageUpdates: null } as const;
const LATER_OF_DOCKER = { ...OF_IMAGES, ...containerOptions() };

function complete(memory: WorkloadMemory, applied: Applied): WorkloadMemory {
  const later = applied.workload.runtime === "docker" ? { ...LATER, ...LATER_OF_DOCKER } : LATER;
  return { ...memory, applied: { ...applied, workload: { ...later, ...applied.workload } } };
}

const OWN_ASIDE = new RegExp(`\\.aside-${WORKLOAD.version}$`);

export class MemoryStore {
  readonly #folder: string;
  readonly #disk: StateDisk;
  /** By name, what was given to the disk last. */
  readonly #written = new Map<string, string>();
  readonly all: Map<string, WorkloadMemory>;

  private constructor(folder: string, { disk, all }: { disk: StateDisk; all: Map<string, WorkloadMemory> }) {
    this.#folder = folder;
    this.#disk = disk;
    this.all = all;
    for (const memory of all.values()) this.#written.set(memory.name, canonical(memory));
  }

  /** Reads what is there; leftovers of interrupted writes are removed, unreadable files set aside. */
  static async open(folder: string, disk: StateDisk = new StateDisk({ root: folder })): Promise<MemoryStore> {
    const files = new Set<string>();
    for (const name of await disk.names(folder)) {
      // A read-only disk keeps them, and they mean nothing.
      if (name.endsWith(".tmp")) await Deno.remove(join(folder, name)).catch(() => {});
      // One that an older daemon set aside may be all there is of a workload.
      const file = name.replace(OWN_ASIDE, "");
      if (file.endsWith(".json")) files.add(file);
    }
    const found = await Promise.all([...files].map(async (file) => {
      const memory = await disk.read(join(folder, file), WORKLOAD);
      return memory !== null && `${memory.name}.json` === file ? [memory] : [];
    }));
    return new MemoryStore(folder, { disk, all: new Map(found.flat().map((memory) => [memory.name, memory])) });
  }

  /** In memory alone until the next `save` of this workload: for what may be lost. */
  keep(memory: WorkloadMemory): void {
    this.all.set(memory.name, memory);
  }

  /** Writes `memory` unless the disk already says the same. Never rejects: what the disk refuses is written later. */
  async save(memory: WorkloadMemory): Promise<void> {
    this.all.set(memory.name, memory);
    const text = canonical(memory);
    if (this.#written.get(memory.name) === text) return;
    this.#written.set(memory.name, text);
    await this.#disk.write(join(this.#folder, `${memory.name}.json`), WORKLOAD, () => memory);
  }

  /** Never rejects: what the disk refuses is removed later. */
  async forget(name: string): Promise<void> {
    if (!this.all.delete(name) && !this.#written.has(name)) return;
    this.#written.delete(name);
    const path = join(this.#folder, `${name}.json`);
    await this.#disk.remove(path, `${path}.aside-${WORKLOAD.version}`);
  }
}
