/** Which capabilities (capabilities(7)) a program keeps though it is not root. */
import type { NativeWorkload } from "../../../model/workload.ts";

const BIND_SERVICE = "CAP_NET_BIND_SERVICE";

/** Those that the manifest asks for, and what its low ports need. Sorted, each once. */
export async function grantedCapabilities({ capabilities, ports }: NativeWorkload): Promise<string[]> {
  // A declared port is one that the owner allows: to listen on it takes no further word.
  const first = ports.length === 0 ? 0 : await firstFreePort();
  const low = ports.some(({ container }) => container > 0 && container < first);
  return [...new Set([...capabilities, ...(low ? [BIND_SERVICE] : [])])].sort();
}

/** Ports below it are root's (ip(7)). */
async function firstFreePort(): Promise<number> {
  const text = await Deno.readTextFile("/proc/sys/net/ipv4/ip_unprivileged_port_start").catch(() => "");
  return /^\d+\s*$/.test(text) ? Number(text) : 1024;
}
