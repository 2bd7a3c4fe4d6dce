/** The data_dir of a daemon: who the device is, its folders, its lock, and what writes its state. */
import type { Settings } from "../settings/settings.ts";
import { type DataDir, dataDir, makeDirectories } from "../store/data_dir.ts";
import { StateDisk } from "../store/state_writer.ts";
import { deviceId } from "./device_id.ts";
import { lockDataDir } from "./data_dir_lock.ts";

export interface DataDirClaim extends Disposable {
  id: string;
  dir: DataDir;
  disk: StateDisk;
}

/**
 * Claims the data_dir until the result is disposed of. A disk that refuses is said by `disk.unsaved`, and keeps nothing
 * from starting. Throws `LockHeld`, and `Failure` for a device that cannot begin.
 */
export async function claimDataDir({ dataDir: root, repo }: Settings): Promise<DataDirClaim> {
  const disk = stateDisk({ root, retryMs: repo.intervalMs });
  const id = await deviceId(root, disk);
  const dir = dataDir(root, id);
  const unmade = await makeDirectories(dir);
  const lock = await lockDataDir(dir.lock);
  const refused = unmade?.cause ?? lock.refused;
  if (refused instanceof Error) {
    disk.report(refused, async () => {
      const still = await makeDirectories(dir);
      if (still !== null) throw still.cause;
      await disk.probe();
    });
  }
  return { id, dir, disk, [Symbol.dispose]: () => lock[Symbol.dispose]() };
}

/** What writes the state below `root`. */
export function stateDisk({ root, retryMs }: { root: string; retryMs: number }): StateDisk {
  return new StateDisk({ root, copies: dataDir(root, "").aside?.state ?? null, retryMs });
}
