/** Gives memory that a burst of work has needed back to the device: a boot, a fetch, many readers of the page. */
import { libc } from "../os/libc.ts";
import { dropCodePages } from "./drop_code_pages.ts";

const LOOK_EVERY_MS = 1000;
/** Below it nobody would notice, and everyday garbage would make a device collect for ever. */
const WORTH_BYTES = 4 * 1024 * 1024;
/** Whoever grew by less than this since the last look does nothing that collecting would be in the way of. */
const CALM_BYTES = 512 * 1024;

export interface MemorySample {
  /** Resident bytes now, and at the look before. */
  rss: number;
  before: number;
  /** What stayed after the last time. */
  kept: number;
  /** Something is being carried out. */
  isBusy: boolean;
}

/** [pure] Once, when a burst is over: collecting stops everything for tens of milliseconds on a small board. */
export function shouldTrim({ rss, before, kept, isBusy }: MemorySample): boolean {
  return !isBusy && rss - kept >= WORTH_BYTES && Math.abs(rss - before) < CALM_BYTES;
}

/**
 * From now on until it is disposed of. Neither V8 nor glibc does it by itself while nothing is asked of them. Keeps no process
 * alive, and nothing waits for it.
 */
export function trimMemoryWhenIdle(isBusy: () => boolean): Disposable {
  let before = 0;
  let kept = 0;
  let hasStarted = false;
  const timer = setInterval(() => {
    const { rss } = Deno.memoryUsage();
    if (shouldTrim({ rss, before, kept, isBusy: isBusy() })) {
      collect();
      // Once: the first burst is the start, and what is run after it is run again.
      if (!hasStarted) dropCodePages();
      hasStarted = true;
      kept = Deno.memoryUsage().rss;
    }
    before = rss;
  }, LOOK_EVERY_MS);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Only the executable has `gc`: its flags ask for it. */
function collect(): void {
  const { gc } = globalThis as { gc?: (how: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void };
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  libc()?.malloc_trim(0n);
}
