/**
 * The duty of a process with the pid 1: processes whose parent has ended become its children, and stay zombies until it
 * asks how they ended. Deno asks only for those that it started.
 */
import { readStartText } from "./bounded_read.ts";
import { libc } from "./libc.ts";
import { statOf } from "./pidfd.ts";

const WNOHANG = 1;
/**
 * Our own children are asked for within milliseconds. A zombie that is still there after this long is nobody's; asking for all
 * (waitpid(-1)) would take the status of our own away from who waits for it.
 */
const NOBODYS_AFTER_MS = 1000;

/** 100 000 orphans; the rest is found when these are gone. */
const MOST_CHILDREN_BYTES = 1024 * 1024;

/** From now on until `close`. Does nothing when we are not pid 1, or cannot call the kernel. */
export function reapOrphans(): { close(): void } {
  const c = Deno.pid === 1 ? libc() : null;
  if (c === null) return { close() {} };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async () => {
    const seen = await zombies();
    timer = setTimeout(async () => {
      timer = undefined;
      for (const pid of await zombies()) if (seen.has(pid)) c.waitpid(pid, new Uint8Array(4), WNOHANG);
      if ((await zombies()).size > 0) again();
    }, NOBODYS_AFTER_MS);
    Deno.unrefTimer(timer);
  };
  const again = () => {
    if (timer === undefined) look().catch(() => {});
  };
  Deno.addSignalListener("SIGCHLD", again);
  again();
  return {
    close() {
      Deno.removeSignalListener("SIGCHLD", again);
      clearTimeout(timer);
    },
  };
}

/** Children of any of our threads that have ended. */
async function zombies(): Promise<Set<number>> {
  const found = new Set<number>();
  for await (const task of Deno.readDir("/proc/self/task")) {
    const text = await readStartText(`/proc/self/task/${task.name}/children`, MOST_CHILDREN_BYTES);
    for (const word of text.trim().split(" ").filter((one) => one !== "")) {
      if ((await statOf(Number(word)))?.state === "Z") found.add(Number(word));
    }
  }
  return found;
}
