/** Operations that the daemon before this one had under way when it ended. */
import { logger } from "../log.ts";
import type { EventLog } from "../reconciler/event_log.ts";
import type { Journal } from "../store/journal.ts";

const log = logger("boot");

/** Adds an event for each, and clears the journal. What came of them is seen by the first reconcile. */
export async function reportInterruptedOperations(journal: Journal, events: EventLog): Promise<void> {
  for (const { workload, actions, message } of journal.unfinished) {
    const what = `the daemon ended while it was to ${actions.join(", ")} (${message}); what came of it is looked at`;
    log.warn("{workload}: {what}", { workload, what });
    events.add({ workload, reason: "interrupted", message: `${workload}: ${what}` });
  }
  await journal.clear();
}
