/**
 * Far above what anything needs on a machine that is busy with something else: a deadline costs nothing while it is not
 * reached, and one that is tells of a bug.
 */
const PATIENCE_MS = 60_000;

/**
 * Waits for a claim to become true: polls, never sleeps blindly, and says at its deadline what it saw last.
 */
export async function eventually<T>(
  claim: string,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  options: { deadlineMs?: number; everyMs?: number } = {},
): Promise<T> {
  const { deadlineMs = PATIENCE_MS, everyMs = 20 } = options;
  const end = performance.now() + deadlineMs;
  let last: unknown;
  while (true) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== null && seen !== false) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const shown = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${deadlineMs / 1000} s: ${claim}; last seen: ${shown}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
