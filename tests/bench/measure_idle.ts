import type { Samples } from "./figure.ts";
import { cpuSeconds, writtenBytes } from "./process_table.ts";
import { type Run, supervisorPids } from "./site.ts";

/** CPU time (ms, in steps of 10) and bytes on the way to a disk (KB) of the supervisor while nothing happens. */
export async function measureIdle(run: Run, seconds: number): Promise<Samples> {
  const pids = await supervisorPids(run);
  const before = await used(pids);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const after = await used(pids);
  return { idle_cpu: (after.cpu - before.cpu) * 1000, idle_writes: (after.written - before.written) / 1000 };
}

async function used(pids: number[]): Promise<{ cpu: number; written: number }> {
  const cpu = await Promise.all(pids.map(cpuSeconds));
  const written = await Promise.all(pids.map(writtenBytes));
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  return { cpu: sum(cpu), written: sum(written) };
}
