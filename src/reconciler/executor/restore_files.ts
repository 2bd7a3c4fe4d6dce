/** Before a start, files of the workload that were changed on the device come from the repository again. */
import { asFailure } from "../../failure.ts";
import { logger } from "../../log.ts";
import type { Workload } from "../../model/workload.ts";
import { findDamagedFiles, rewriteFiles } from "../../store/file_integrity.ts";
import type { Source } from "../../source/source.ts";
import type { EventLog } from "../event_log.ts";

const log = logger("apply");

/**
 * Throws nothing: where the revision that is on the device does not hold them any more, or cannot be read, what is there
 * has to do, and a warning says so.
 */
export async function restoreFiles(
  workload: Workload,
  { root, source, events }: { root: string; source: Pick<Source, "lastFetched">; events: EventLog },
): Promise<void> {
  const { name } = workload;
  let message = "";
  try {
    const files = await findDamagedFiles(root, workload);
    if (files.length === 0) return;
    message = `${files.map(({ path }) => `"${path}"`).join(", ")} of ${name} changed on disk`;
    const revision = await source.lastFetched();
    const byOid = new Map(revision?.entries.map((entry) => [entry.oid, entry]));
    const read = ({ path, oid }: { path: string; oid: string }) => {
      const entry = byOid.get(oid);
      if (entry === undefined) throw new Error(`the revision on this device does not hold "${path}" as it was`);
      return revision!.chunks(entry);
    };
    await rewriteFiles(root, { workload, files, read });
    log.info("{message}, and came from the repository again", { message });
    events.add({ workload: name, reason: "drift", message: `${message}, and came from the repository again` });
  } catch (error) {
    log.warn("{message}, and cannot be restored: {why}", { message, why: asFailure(error).message });
  }
}
