/** What a daemon knows before it reaches anybody: the revision on disk, else the specs that were last applied. */
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import type { Workload } from "../model/workload.ts";
import { addEvent, type Device } from "./device.ts";
import { processRevision } from "../sync/process_revision.ts";

const log = logger("boot");

/**
 * Sets what is desired from disk alone, so that a boot without network starts everything at once. Leaves it unknown,
 * and with it everything untouched, when the disk holds nothing.
 */
export async function loadFromDisk(device: Device): Promise<void> {
  try {
    const revision = await device.source.lastFetched();
    if (revision !== null) {
      device.desired = await processRevision(device, revision);
      device.revision = revision;
      device.sourceState.attempted = revision.id;
      return;
    }
  } catch (error) {
    const { reason, message, hint, kind } = asFailure(error);
    log.warn("the revision on disk is not used: {message}", { message, reason });
    addEvent(device, { workload: null, reason, message });
    device.sourceStatus.error = { reason, message, hint: hint ?? null, transient: kind === "transient" };
  }
  const applied = [...device.workloadStates.all.values()].flatMap((state) => state.applied ?? []);
  if (applied.length === 0) return;
  const workloads: Workload[] = applied.map((one) => one.workload).sort((a, b) => (a.name < b.name ? -1 : 1));
  // Not a revision of the repository: the first sync replaces it, whatever the head is.
  device.desired = { revision: "last applied specs", workloads, invalid: [], notSelected: [] };
}

/** What the daemon before this one had under way when it ended. What came of it is seen by the first pass. */
export async function reportInterruptedOperations(device: Device): Promise<void> {
  for (const { workload, actions, message } of device.journal.unfinished) {
    const what = `the daemon ended while it was to ${actions.join(", ")} (${message}); what came of it is looked at`;
    log.warn("{workload}: {what}", { workload, what });
    addEvent(device, { workload, reason: "interrupted", message: `${workload}: ${what}` });
  }
  await device.journal.clear();
}
