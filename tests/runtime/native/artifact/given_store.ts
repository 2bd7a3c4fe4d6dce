/** A store of artifacts in a throw-away folder, with a server to download from. */
import { join } from "node:path";
import { type Clock, systemClock } from "../../../../src/clock.ts";
import { Failure } from "../../../../src/failure.ts";
import type { Artifact } from "../../../../src/model/workload.ts";
import { ArtifactStore } from "../../../../src/runtime/native/artifact/artifact_store.ts";
import { tempDir } from "../../../support/temp.ts";
import { ArtifactServer } from "./artifact_server.ts";

export interface GivenStore extends AsyncDisposable {
  dir: string;
  store: ArtifactStore;
  server: ArtifactServer;
  /** Everything that was said of the progress. */
  said: string[];
  ensure(artifact: Artifact, signal?: AbortSignal): Promise<string>;
  /** What `ensure` throws; it must be a `Failure`. */
  failure(artifact: Artifact): Promise<Failure>;
  /** Names in the store's folder, in order, but for the list of programs that is beside each artifact. */
  names(): Promise<string[]>;
}

export async function givenStore(options: { diskReserveBytes?: number; clock?: Clock } = {}): Promise<GivenStore> {
  const root = await tempDir();
  const server = new ArtifactServer();
  const dir = join(root.path, "artifacts");
  const store = new ArtifactStore({ dir, diskReserveBytes: 0, clock: systemClock, ...options });
  const said: string[] = [];
  const never = new AbortController().signal;
  const ensure = (artifact: Artifact, signal = never) =>
    store.ensure(artifact, (message) => said.push(message), signal);
  return {
    dir,
    store,
    server,
    said,
    ensure,
    async failure(artifact) {
      const outcome = await ensure(artifact).catch((error) => error);
      if (outcome instanceof Failure) return outcome;
      throw outcome instanceof Error ? outcome : new Error(`it did not fail: ${outcome}`);
    },
    async names() {
      const all = (await Array.fromAsync(Deno.readDir(dir), (entry) => entry.name)).sort();
      return all.filter((name) => !all.some((directory) => name === `${directory}.programs`));
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

/** Bytes that no two places of have in common, and the same each time. */
export function content(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0, state = 1; at < length; at++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[at] = state >> 16;
  }
  return bytes;
}

/** Waits that are a tenth as long: half a minute of silence is over in three seconds. */
export const hurriedClock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 10, signal) };
