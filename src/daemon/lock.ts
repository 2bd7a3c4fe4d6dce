/** One daemon for one data_dir. */
import { Failure } from "../failure.ts";

/** Another daemon holds the data_dir: exit code 5. */
export class LockHeld extends Failure {}

/**
 * The kernel gives the lock back when the process ends, however it ends; the file stays and means nothing by itself.
 * It is not passed on to the instances: Deno opens files close-on-exec.
 */
export async function lockDataDir(path: string): Promise<Disposable> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (!await file.tryLock(true)) {
    const holder = (await Deno.readTextFile(path)).trim();
    file.close();
    throw new LockHeld(`another daemon${holder === "" ? "" : ` (pid ${holder})`} holds "${path}"`, {
      kind: "refused",
      reason: "permission_denied",
      hint: 'see what it does with "harbornode status", or give this one another data_dir',
    });
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}
