import type { Samples } from "./figure.ts";
import type { Run } from "./site.ts";
import { median, percentile } from "./summary.ts";

/** runit and s6 hold back a service that ran for less than a second, others count it as a quick failure. */
export const SETTLE_MS = 3000;
/** A supervisor that takes a second or more for each is not asked more often than this allows. */
const BUDGET_MS = 20_000;
/** Killed in step with a supervisor's own timer, it would look better or worse than it is. */
const PAUSE_MS = { least: 50, more: 100 };

/**
 * Kills one service after the other, each once: the second crash of one is delayed by most supervisors, and how long is
 * their policy, not their speed. From the kill to the first line of the next process.
 */
export async function measureRestart({ services, announcements }: Run, kills: number): Promise<Samples> {
  const taken: number[] = [];
  const begun = performance.now();
  for (const { name } of services.slice(0, kills)) {
    if (performance.now() - begun > BUDGET_MS) break;
    const { pid } = announcements.all.findLast((announcement) => announcement.service === name)!;
    const since = performance.now();
    Deno.kill(pid, "SIGKILL");
    const next = await announcements.first((announcement) => announcement.service === name, {
      since,
      deadlineMs: 30_000,
    });
    taken.push(next.at - since);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS.least + Math.random() * PAUSE_MS.more));
  }
  return { restart_p50: median(taken), restart_p95: percentile(taken, 95) };
}
