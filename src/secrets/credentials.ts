/**
 * Files with plaintext, for instances to read: one folder for each, in memory where the device has a file system for
 * that, and gone with the instance.
 */
import { statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { diskFailure, diskFault, Failure } from "../failure.ts";
import type { RevealedSecrets } from "../runtime/runtime.ts";

/** Whose they are: a user's alone, or, in a container of which nobody knows the user, those of all who are inside. */
export type Readers = { uid: number; gid: number } | "everybody inside" | "daemon";

/** Of tmpfs and ramfs, from linux/magic.h. */
const IN_MEMORY = [0x01021994, 0x858458f6];

/** `wanted` where that is in memory, else below /dev/shm, which is everywhere where Linux is; else `wanted`. */
export async function credentialsRoot(wanted: string, deviceId: string): Promise<string> {
  // Where it cannot be made, it is said of the workloads that need it.
  await Deno.mkdir(wanted, { recursive: true, mode: 0o711 }).catch((error) => {
    if (diskFault(error) === null) throw error;
  });
  if (await isInMemory(wanted)) return wanted;
  const shared = join("/dev/shm", `harbornode-${deviceId}`);
  await Deno.mkdir(shared, { mode: 0o711 }).catch(() => {});
  // Anybody may make a folder of this name there: one that is not ours is not used.
  const info = await Deno.lstat(shared).catch(() => null);
  const isOurs = info?.isDirectory === true && info.uid === Deno.uid() && ((info.mode ?? 0) & 0o022) === 0;
  if (!isOurs || !await isInMemory(shared)) return wanted;
  await removeIfEmpty(wanted);
  return shared;
}

export class Credentials {
  readonly #root: string;
  readonly #readers: "users" | "containers";
  /** Keys of folders that may be there; null before the first look. */
  #known: Set<string> | null = null;
  /** Being written for an instance that is not there yet. */
  readonly #held = new Map<string, number>();

  /** `root` is this object's alone. What is for containers is not even passed by users of the device. */
  constructor(root: string, readers: "users" | "containers") {
    this.#root = root;
    this.#readers = readers;
  }

  /** Where the files of an instance are, or will be. A key is a name of one folder. */
  folder(key: string): string {
    return join(this.#root, basename(key));
  }

  /** Nothing of this key goes away until the result is disposed of. */
  hold(key: string): Disposable {
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = this.#held.get(key)! - 1;
        if (left > 0) this.#held.set(key, left);
        else this.#held.delete(key);
      },
    };
  }

  /** Returns the folder, null where there is no file. Each file is there whole, or as before. Throws `Failure`. */
  async write(key: string, files: RevealedSecrets["files"], readers: Readers): Promise<string | null> {
    if (files.length === 0) return null;
    const directory = this.folder(key);
    const owner = typeof readers === "object" ? readers : null;
    const isShared = readers === "everybody inside" && this.#readers === "containers";
    try {
      await Deno.mkdir(this.#root, { recursive: true, mode: this.#readers === "users" ? 0o711 : 0o700 });
      await Deno.mkdir(directory, { mode: 0o700 }).catch(whenThere);
      this.#known ??= await names(this.#root);
      this.#known.add(key);
      await Deno.chmod(directory, 0o700);
      for (const { name, content } of files) {
        const path = join(directory, basename(name));
        await Deno.remove(`${path}.tmp`).catch(() => {});
        await Deno.writeFile(`${path}.tmp`, content, { mode: 0o400, createNew: true });
        await Deno.chmod(`${path}.tmp`, isShared ? 0o444 : 0o400);
        if (owner !== null) await Deno.chown(`${path}.tmp`, owner.uid, owner.gid);
        await Deno.rename(`${path}.tmp`, path);
      }
      if (owner !== null) await Deno.chown(directory, owner.uid, owner.gid);
      await Deno.chmod(directory, isShared ? 0o555 : 0o500);
      return directory;
    } catch (error) {
      await this.#remove(key);
      const ofDisk = diskFailure(error);
      throw new Failure(`its secrets cannot be written: ${error instanceof Error ? error.message : error}`, {
        kind: "transient",
        reason: ofDisk?.reason ?? "start_failed",
        ...(ofDisk?.hint === undefined ? {} : { hint: ofDisk.hint }),
        cause: error,
      });
    }
  }

  /** Of an instance. */
  async warnings(key: string): Promise<Warning[]> {
    return this.#known?.has(key) !== true || await isInMemory(this.folder(key)) ? [] : [ON_DISK];
  }

  /** Removes all folders but these and what is held. Cheap when there is nothing to remove. */
  async keep(keys: ReadonlySet<string>): Promise<void> {
    this.#known ??= await names(this.#root);
    for (const key of this.#known) if (!keys.has(key) && !this.#held.has(key)) await this.#remove(key);
  }

  async #remove(key: string): Promise<void> {
    this.#known?.delete(key);
    const directory = this.folder(key);
    // Without root's reach, nobody removes from a folder that he may not write.
    await Deno.chmod(directory, 0o700).catch(() => {});
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }

  /** Leaves what instances need, and nothing where they need nothing. */
  async close(): Promise<void> {
    for (const directory of [this.#root, dirname(this.#root)]) await removeIfEmpty(directory);
  }
}

/** rmdir(2) removes nothing else. */
async function removeIfEmpty(directory: string): Promise<void> {
  await Deno.remove(directory).catch(() => {});
}

type Warning = { reason: "secret_on_disk"; message: string };

const ON_DISK: Warning = {
  reason: "secret_on_disk",
  message: "its secrets are files on a disk: this device has no tmpfs for them",
};

async function isInMemory(path: string): Promise<boolean> {
  return await statfs(path).then(({ type }) => IN_MEMORY.includes(type), () => false);
}

async function names(directory: string): Promise<Set<string>> {
  try {
    return new Set((await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || diskFault(error) !== null) return new Set();
    throw error;
  }
}

function whenThere(error: unknown): void {
  if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
}
