/** The memory of workloads on disk: one file a workload, written only when it says something new. */
import { join } from "node:path";
import { canonical } from "../model/fingerprint.ts";
import { containerOptions } from "../model/container_options.ts";
import type { Override } from "../model/override.ts";
import { type Applied, newState, type WorkloadState } from "../model/workload_state.ts";
import { rolloutPolicy } from "../model/rollout_policy.ts";
import { raise2 } from "./migrate_workload_state.ts";
import { StateDisk } from "./state_writer.ts";
import type { Format } from "./versioned_file.ts";

export const WORKLOAD: Format<WorkloadState> = {
  version: 3,
  raise: { 2: raise2 },
  check(value) {
    const state = value as Partial<WorkloadState> | null;
    if (state === null || typeof state !== "object" || typeof state.name !== "string") return null;
    if (typeof state.slots !== "object" || state.slots === null || state.applied === undefined) return null;
    const known = fromSaved(state as SavedState);
    return known.applied === null ? known : complete(known, known.applied);
  },
  encode: toSaved,
};

/** The state as its file has it: the override of format 3 is called `hold`, and its action "suspend" is "hold". */
type SavedState = Omit<WorkloadState, "override"> & {
  hold?: Omit<Override, "action"> & { action: "hold" | Exclude<Override["action"], "suspend"> };
};

function fromSaved({ hold, ...rest }: SavedState): WorkloadState {
  if (typeof hold !== "object" || hold === null) return rest;
  return { ...rest, override: { ...hold, action: hold.action === "hold" ? "suspend" : hold.action } };
}

function toSaved({ override, ...rest }: WorkloadState): SavedState {
  if (override === undefined) return rest;
  return { ...rest, hold: { ...override, action: override.action === "suspend" ? "hold" : override.action } };
}

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

function complete(state: WorkloadState, applied: Applied): WorkloadState {
  const later = applied.workload.runtime === "docker" ? { ...LATER, ...LATER_OF_DOCKER } : LATER;
  return { ...state, applied: { ...applied, workload: { ...later, ...applied.workload } } };
}

const OWN_ASIDE = new RegExp(`\\.aside-${WORKLOAD.version}$`);

export class WorkloadStateStore {
  readonly #folder: string;
  readonly #disk: StateDisk;
  /** By name, what was given to the disk last. */
  readonly #written = new Map<string, string>();
  readonly #all: Map<string, WorkloadState>;

  private constructor(directory: string, { disk, all }: { disk: StateDisk; all: Map<string, WorkloadState> }) {
    this.#folder = directory;
    this.#disk = disk;
    this.#all = all;
    for (const state of all.values()) this.#written.set(state.name, canonical(state));
  }

  /** Reads what is there; leftovers of interrupted writes are removed, unreadable files set aside. */
  static async open(
    directory: string,
    disk: StateDisk = new StateDisk({ root: directory }),
  ): Promise<WorkloadStateStore> {
    const files = new Set<string>();
    for (const name of await disk.names(directory)) {
      // A read-only disk keeps them, and they mean nothing.
      if (name.endsWith(".tmp")) await Deno.remove(join(directory, name)).catch(() => {});
      // One that an older daemon set aside may be all there is of a workload.
      const file = name.replace(OWN_ASIDE, "");
      if (file.endsWith(".json")) files.add(file);
    }
    const found = await Promise.all([...files].map(async (file) => {
      const state = await disk.read(join(directory, file), WORKLOAD);
      return state !== null && `${state.name}.json` === file ? [state] : [];
    }));
    return new WorkloadStateStore(directory, { disk, all: new Map(found.flat().map((state) => [state.name, state])) });
  }

  /** States by workload name. */
  get all(): ReadonlyMap<string, WorkloadState> {
    return this.#all;
  }

  /** Returns the state of a workload; a new one when nothing is known of it. */
  get(name: string): WorkloadState {
    return this.#all.get(name) ?? newState(name);
  }

  /** In memory alone until the next `save` of this workload: for what may be lost. */
  keep(state: WorkloadState): void {
    this.#all.set(state.name, state);
  }

  /** Writes `memory` unless the disk already says the same. Never rejects: what the disk refuses is written later. */
  async save(state: WorkloadState): Promise<void> {
    this.#all.set(state.name, state);
    const text = canonical(state);
    if (this.#written.get(state.name) === text) return;
    this.#written.set(state.name, text);
    await this.#disk.write(join(this.#folder, `${state.name}.json`), WORKLOAD, () => state);
  }

  /** Never rejects: what the disk refuses is removed later. */
  async forget(name: string): Promise<void> {
    if (!this.#all.delete(name) && !this.#written.has(name)) return;
    this.#written.delete(name);
    const path = join(this.#folder, `${name}.json`);
    await this.#disk.remove(path, `${path}.aside-${WORKLOAD.version}`);
  }
}
