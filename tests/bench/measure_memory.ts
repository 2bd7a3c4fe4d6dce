import type { Samples } from "./figure.ts";
import { proportionalKiB } from "./process_table.ts";
import { type Run, supervisorPids } from "./site.ts";

/** The daemon and all that it keeps beside the services, in MB. */
export async function measureMemory(run: Run): Promise<Samples> {
  const sizes = await Promise.all((await supervisorPids(run)).map(proportionalKiB));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return { [`memory_${run.services.length}`]: total * 1024 / 1e6 };
}
