/**
 * Artifacts on disk: one folder for each content, named by its digest, unpacked beside and renamed, so that a folder
 * that is there is whole, until somebody changes a program in it: then it is brought again. Beside it `DIGEST.part`, a
 * download that is not done.
 */
import { join } from "node:path";
import type { Clock } from "../../../clock.ts";
import type { Artifact } from "../../../model/workload.ts";
import { syncDirectory } from "../../../store/atomic_file.ts";
import { abortable } from "../../../async/abortable.ts";
import type { Progress } from "../../runtime.ts";
import { asDiskFailure } from "./artifact_disk_failure.ts";
import { download } from "./download_artifact.ts";
import { directoryName, displayName } from "./artifact_name.ts";
import { areExecutablesIntact, writeExecutables } from "./executables.ts";
import { unpack } from "./unpack.ts";

/** Ends the name of an artifact's list of programs. */
const LIST = ".programs";

export interface ArtifactStoreOptions {
  /** Absolute; made when it is needed. */
  dir: string;
  /** What downloads leave free on the disk. */
  diskReserveBytes: number;
  clock: Clock;
}

export class ArtifactStore {
  readonly #options: ArtifactStoreOptions;
  /** The end of the last work on a digest: two workloads with one artifact share its download. */
  readonly #turns = new Map<string, Promise<void>>();
  /** What was kept last, as names; null when there may be more by now. */
  #kept: string | null = null;

  constructor(options: ArtifactStoreOptions) {
    this.#options = options;
  }

  /**
   * The artifact's folder, absolute: what the archive holds, or the one plain file; brought first when it is not here.
   * Throws `Failure` (artifact_unreachable, artifact_invalid, checksum_mismatch, insufficient_disk) and leaves then at
   * most a piece of the download, from which the next call goes on. As soon as `signal` aborts it throws its reason.
   */
  async ensure(artifact: Artifact, progress: Progress, signal: AbortSignal): Promise<string> {
    const name = displayName(artifact);
    const there = await this.#whole(artifact);
    if (there !== null) return there;
    if (this.#turns.has(artifact.sha256)) progress(`waiting for ${name}, which is on its way already`);
    return await this.#inTurn(artifact.sha256, signal, async () => {
      try {
        return await this.#whole(artifact) ?? await this.#bring(artifact, progress, signal);
      } catch (error) {
        const damaged = signal.aborted ? null : await this.folder(artifact);
        if (damaged === null) throw asDiskFailure(error, name);
        // What was changed by hand may do its work all the same, and it cannot be had again now.
        progress(`a program of ${name} was changed on disk, and it cannot be had again now`);
        return damaged;
      } finally {
        this.#kept = null;
      }
    });
  }

  /** Where the artifact is; null when it is not here. */
  async folder(artifact: Artifact): Promise<string | null> {
    const path = join(this.#options.dir, directoryName(artifact));
    return await Deno.stat(path).then(() => path, () => null);
  }

  /** As `folder`, and null too when a program in it is not what was unpacked. */
  async #whole(artifact: Artifact): Promise<string | null> {
    const directory = await this.folder(artifact);
    return directory !== null && await areExecutablesIntact(directory, `${directory}${LIST}`) ? directory : null;
  }

  /** Removes all others, but those that are on their way, and pieces of downloads with them. */
  async keep(artifacts: readonly Artifact[]): Promise<void> {
    const names = new Set(
      artifacts.flatMap((
        artifact,
      ) => [directoryName(artifact), `${directoryName(artifact)}${LIST}`, `${artifact.sha256}.part`]),
    );
    const kept = [...names].sort().join("\n");
    if (kept === this.#kept) return;
    this.#kept = kept;
    const busy = new Set(this.#turns.keys());
    for (const entry of await entriesOf(this.#options.dir)) {
      const digest = entry.slice(0, 64);
      if (names.has(entry)) continue;
      if (busy.has(digest)) this.#kept = null;
      // What a disk does not let go of is removed with a later call.
      else await this.#inTurn(digest, null, () => this.#remove(entry)).catch(() => this.#kept = null);
    }
  }

  async #bring(artifact: Artifact, progress: Progress, signal: AbortSignal): Promise<string> {
    const { dir, diskReserveBytes, clock } = this.#options;
    const { sha256 } = artifact;
    await Deno.mkdir(dir, { recursive: true, mode: 0o711 });
    const name = displayName(artifact);
    const guard = { directory: dir, reserveBytes: diskReserveBytes, name };
    const part = join(dir, `${sha256}.part`);
    progress(`downloading ${name}`);
    const bytes = await download(artifact, { path: part, guard, clock, progress, signal });

    progress(`unpacking ${name}`);
    const directory = join(await Deno.realPath(dir), `${sha256}.tmp`);
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    try {
      await Deno.mkdir(directory);
      await Deno.chmod(directory, 0o755);
      await unpack(artifact, { path: part, bytes, directory, guard, signal });
    } catch (error) {
      await Deno.remove(directory, { recursive: true }).catch(() => {});
      throw error;
    }
    await syncDirectory(directory);
    const whole = join(dir, directoryName(artifact));
    await writeExecutables(directory, `${whole}${LIST}`);
    // A damaged one makes way: what runs of it goes on with what it has open.
    if (await this.folder(artifact) !== null) await this.#remove(directoryName(artifact));
    await Deno.rename(directory, whole);
    await syncDirectory(dir);
    await Deno.remove(part).catch(() => {});
    return whole;
  }

  /** Renamed first: half a folder must never be taken for a whole one. */
  async #remove(entry: string): Promise<void> {
    const path = join(this.#options.dir, entry);
    const gone = join(this.#options.dir, `${entry.slice(0, 64)}.gone`);
    await Deno.remove(gone, { recursive: true }).catch(() => {});
    if (path === gone) return;
    await Deno.rename(path, gone);
    await Deno.remove(gone, { recursive: true });
  }

  /** Waits for the work on the digest that is under way, as long as `signal` lets it. */
  async #inTurn<T>(digest: string, signal: AbortSignal | null, work: () => Promise<T>): Promise<T> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const before = this.#turns.get(digest) ?? Promise.resolve();
    const turn = before.then(() => done);
    this.#turns.set(digest, turn);
    // Not when this one gives up waiting: those before it go on.
    turn.then(() => this.#turns.get(digest) === turn && this.#turns.delete(digest));
    try {
      await (signal === null ? before : abortable(before, signal));
      return await work();
    } finally {
      resolve();
    }
  }
}

async function entriesOf(dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(dir)) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}
