/** A wait that ends. */
import type { Clock } from "../clock.ts";

/** Whether the promise was fulfilled in time. */
export async function fulfilledWithin(
  promise: Promise<void>,
  { ms, clock }: { ms: number; clock: Clock },
): Promise<boolean> {
  const timer = new AbortController();
  const late = clock.sleep(ms, timer.signal).then(() => false, () => true);
  const done = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return done;
}
