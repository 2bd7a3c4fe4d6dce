/** What this device persists for planning: one state for each workload, and one for the source. */
import { SourceRecord } from "../store/source_record.ts";
import type { StateDisk } from "../store/state_writer.ts";
import { WorkloadStateStore } from "../store/workload_state_store.ts";

/** Each half is the only writer of its state, and changes it through named methods. */
export interface StateStore {
  readonly workloads: WorkloadStateStore;
  readonly source: SourceRecord;
}

/** Reads both states. `identity` is that of a source of which nothing is known yet. */
export async function openStateStore(
  dir: { workloads: string; source: string },
  { disk, identity }: { disk: StateDisk; identity: { url: string; branch: string; device: string } },
): Promise<StateStore> {
  const source = await SourceRecord.open(dir.source, { disk, identity });
  return { workloads: await WorkloadStateStore.open(dir.workloads, disk), source };
}
