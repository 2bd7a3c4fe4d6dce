/** Which capabilities (capabilities(7)) a program keeps though it is not root. */
import { Failure } from "../../../failure.ts";
import type { NativeWorkload } from "../../../model/workload.ts";
import type { Bounds } from "./bounds.ts";

const BIND_SERVICE = "CAP_NET_BIND_SERVICE";

/** Those that the manifest asks for and the owner allows, and what its low ports need. Sorted, each once. */
export async function grantedCapabilities(
  { capabilities, ports }: NativeWorkload,
  policy: Bounds["policy"],
): Promise<string[]> {
  for (const name of capabilities) {
    if (policy.allowCapabilities.includes(name)) continue;
    throw new Failure(`capabilities: the owner of this device does not allow "${name}"`, {
      kind: "mistake",
      reason: "policy_denied",
      hint: `leave it out, or add it to [policy] allow_capabilities in config.toml`,
    });
  }
  // A declared port is held for the workload and shown to everybody: to listen on it takes no further word of the owner.
  const first = ports.length === 0 ? 0 : await firstFreePort();
  const low = ports.some(({ container }) => container > 0 && container < first);
  return [...new Set([...capabilities, ...(low ? [BIND_SERVICE] : [])])].sort();
}

/** Ports below it are root's (ip(7)). */
async function firstFreePort(): Promise<number> {
  const text = await Deno.readTextFile("/proc/sys/net/ipv4/ip_unprivileged_port_start").catch(() => "");
  return /^\d+\s*$/.test(text) ? Number(text) : 1024;
}
