/** Who listens on a port of this device. From /proc/net (proc_net(5)); state 0A is LISTEN. */
import { readStartText } from "../../../os/bounded_read.ts";
import { Failure } from "../../../failure.ts";
import type { Port } from "../../../model/workload.ts";
import { openFiles } from "../process/open_files.ts";

/** 50 000 sockets; a local user can open more. The kernel lists those that listen for TCP before all others. */
const MOST_BYTES = 8 * 1024 * 1024;

/** TASK_COMM_LEN is 16; kernel threads have up to 64. */
const MOST_NAME_BYTES = 64;

/** Throws `port_conflict`, naming who holds it, when a port that the workload wants is taken. */
export async function checkPortsFree(ports: readonly Port[]): Promise<void> {
  const wanted = ports.filter((port) => port.host !== null);
  if (wanted.length === 0) return;
  for (const protocol of ["tcp", "udp"] as const) {
    const held = await listeners(protocol);
    for (const port of wanted) {
      const inode = port.protocol === protocol ? held.get(port.host!) : undefined;
      if (inode === undefined) continue;
      const holder = await holderOf(inode);
      throw new Failure(`port ${port.host}/${protocol} is taken by ${holder}`, {
        kind: "waiting",
        reason: "port_conflict",
        hint: "stop that program, or give the workload another port",
      });
    }
  }
}

/** Every port of this device that somebody listens on. */
export async function portsInUse(): Promise<Set<number>> {
  const found = await Promise.all([listeners("tcp"), listeners("udp")]);
  return new Set(found.flatMap((one) => [...one.keys()]));
}

/** Port to socket inode. */
export async function listeners(protocol: "tcp" | "udp"): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  const open = protocol === "tcp" ? "0A" : "07";
  for (const path of [`/proc/net/${protocol}`, `/proc/net/${protocol}6`]) {
    const text = await readStartText(path, MOST_BYTES);
    for (const line of text.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === open && fields[9] !== undefined) {
        found.set(Number.parseInt(fields[1]!.split(":")[1]!, 16), fields[9]);
      }
    }
  }
  return found;
}

async function holderOf(inode: string): Promise<string> {
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    for await (const link of openFiles(Number(entry.name))) {
      if (link !== `socket:[${inode}]`) continue;
      const name = (await readStartText(`/proc/${entry.name}/comm`, MOST_NAME_BYTES)).trim();
      return `"${name}" (pid ${entry.name})`;
    }
  }
  return "another program";
}
