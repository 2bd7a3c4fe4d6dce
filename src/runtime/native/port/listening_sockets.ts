/** On which ports the processes of an instance really listen, and how that differs from what its manifest declares. */
import type { Instance } from "../../../model/instance.ts";
import { singleflight } from "../../../async/singleflight.ts";
import { openFiles } from "../process/open_files.ts";
import { listeners } from "./free_ports.ts";

/** A service with more processes than this is looked at in part. */
const MOST_PROCESSES = 1000;

/** Ports as "8080/tcp" that one of these processes has an open, listening socket for. Those that end meanwhile have none. */
export async function listeningPorts(pids: readonly number[]): Promise<Set<string>> {
  const byInode = await portsByInode("");
  const found = new Set<string>();
  for (const pid of pids.slice(0, MOST_PROCESSES)) {
    for (const inode of await sockets(pid)) {
      const port = byInode.get(inode);
      if (port !== undefined) found.add(port);
    }
  }
  return found;
}

/**
 * The differences, each a sentence. Of UDP only what is missing is told: who asks a name server has a UDP port open as
 * well.
 */
export function portWarnings(declared: readonly string[], listening: ReadonlySet<string>): Instance["warnings"] {
  const missing = declared.filter((port) => !listening.has(port));
  const more = [...listening].filter((port) => port.endsWith("/tcp") && !declared.includes(port)).sort();
  const warnings: Instance["warnings"] = [];
  if (missing.length > 0) {
    const message = `declares ${missing.join(", ")} and does not listen there`;
    warnings.push({ reason: "port_mismatch", message });
  }
  if (more.length > 0) {
    const message = `listens on ${more.join(", ")}, which its manifest does not declare`;
    warnings.push({ reason: "port_mismatch", message });
  }
  return warnings;
}

const portsByInode = singleflight(async () => {
  const byInode = new Map<string, string>();
  for (const protocol of ["tcp", "udp"] as const) {
    for (const [port, inode] of await listeners(protocol)) byInode.set(inode, `${port}/${protocol}`);
  }
  return byInode;
});

async function sockets(pid: number): Promise<string[]> {
  const found: string[] = [];
  for await (const link of openFiles(pid)) {
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode !== undefined) found.push(inode);
  }
  return found;
}
