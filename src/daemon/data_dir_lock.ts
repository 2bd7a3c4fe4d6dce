/** One daemon for one data_dir. */
import { dirname } from "node:path";
import { diskFault, Failure } from "../failure.ts";

/** Another daemon holds the data_dir: exit code 5. */
export class LockHeld extends Failure {}

export interface Lock extends Disposable {
  /** What the disk refused meanwhile; null for nothing. */
  refused: Error | null;
}

/**
 * The kernel gives the lock back when the process ends, however it ends; the file stays and means nothing by itself.
 * It is not passed on to the instances: Deno opens files close-on-exec. The folder is locked as well: on a read-only disk
 * without such a file that is all there is. flock(2) needs no write.
 */
export async function lockDataDir(path: string): Promise<Lock> {
  const files: Deno.FsFile[] = [];
  const hold = async (file: Deno.FsFile, mustLock: boolean) => {
    files.push(file);
    // A folder on NFS has no locks.
    const isOurs = await file.tryLock(true).catch((error) => {
      if (mustLock) throw error;
      return true;
    });
    if (!isOurs) throw await lockHeld(path);
  };
  try {
    const folder = await Deno.open(dirname(path), { read: true }).catch(() => null);
    if (folder !== null) await hold(folder, false);
    const { file, refused } = await openLock(path);
    if (file !== null) await hold(file, refused === null);
    const unwritten = file === null || refused !== null ? null : await writePid(file);
    return { refused: refused ?? unwritten, [Symbol.dispose]: () => files.forEach((fsFile) => fsFile.close()) };
  } catch (error) {
    for (const fsFile of files) fsFile.close();
    throw error;
  }
}

/** For reading alone, or not at all, where the disk refuses more. */
async function openLock(path: string): Promise<{ file: Deno.FsFile | null; refused: Error | null }> {
  try {
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    return { file, refused: null };
  } catch (error) {
    if (!(error instanceof Error) || diskFault(error) === null) throw error;
    return { file: await Deno.open(path, { read: true }).catch(() => null), refused: error };
  }
}

/** For whoever finds the lock held. Returns what the disk refused. */
async function writePid(file: Deno.FsFile): Promise<Error | null> {
  try {
    await file.truncate();
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
    return null;
  } catch (error) {
    if (!(error instanceof Error) || diskFault(error) === null) throw error;
    return error;
  }
}

async function lockHeld(path: string): Promise<LockHeld> {
  const holder = (await Deno.readTextFile(path).catch(() => "")).trim();
  return new LockHeld(`another daemon${holder === "" ? "" : ` (pid ${holder})`} holds "${path}"`, {
    kind: "refused",
    reason: "permission_denied",
    hint: 'see what it does with "harbornode status", or give this one another data_dir',
  });
}
