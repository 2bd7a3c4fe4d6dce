/** A service that sleeps, and what the kernel says of it once it has become its program. */
import type { NativeWorkload } from "../../../../src/model/workload.ts";
import { eventually } from "../../../support/eventually.ts";
import { native } from "../../../support/workload.ts";
import { start } from "../../conformance.ts";
import type { NativeDevice } from "../native_device.ts";

export const SLEEP = ["/bin/sleep", "1000"];

/** Fields of /proc/PID/status by their names, like "CapEff". */
export type Status = Record<string, string>;

export async function startAs(
  device: NativeDevice,
  fields: Partial<NativeWorkload>,
): Promise<{ pid: number; status: Status; warnings: string[] }> {
  const one = await start(device.runtime, native({ command: SLEEP, ...fields }));
  const status = await eventually("the program has begun", async () => {
    const read = await statusOf(one.pid!);
    return read.Name === "sleep" && read;
  });
  return { pid: one.pid!, status, warnings: one.warnings.map((each) => `${each.reason}: ${each.message}`) };
}

async function statusOf(pid: number): Promise<Status> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`);
  return Object.fromEntries(
    text.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
}

/** The real one of four numbers, of a line like "Uid: 1 1 1 1"; all four must be equal. */
export function onlyId(line: string | undefined): number {
  const all = new Set((line ?? "").split(/\s+/));
  if (all.size !== 1) throw new Error(`several: ${line}`);
  return Number([...all][0]);
}
