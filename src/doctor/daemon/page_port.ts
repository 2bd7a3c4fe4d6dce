import { join } from "node:path";
import { Failure } from "../../failure.ts";
import { checkPortsFree, portsInUse } from "../../runtime/native/port/free_ports.ts";
import type { Range } from "../../settings/settings.ts";
import type { Check } from "../check.ts";
import { type Finding, orOk, problem, warning } from "../finding.ts";
import { readText } from "../inspect_host.ts";

export interface PortFacts {
  /** Of the page; 0: any. */
  listenPort: number;
  /** Whether the daemon answers, which then has it; null where it does not answer this user. */
  isOurs: boolean | null;
  /** Why somebody else has it: "port 3080/tcp is taken by ..."; null where nobody has. */
  taken: string | null;
  range: Range;
  /** Of that range. */
  inUse: number;
  /** Where the kernel takes ports for outgoing connections from; null where it does not tell. */
  ephemeral: Range | null;
  /** Of workloads whose port somebody else has. */
  conflicts: { name: string; message: string; hint: string | null }[];
}

export const ports: Check<PortFacts, "settings"> = {
  group: "daemon",
  name: "ports",
  needs: ["settings"],
  async gather({ settings: { listenPort, native: { portRange } }, snapshot, silence, root }) {
    const isOurs = snapshot !== null ? true : silence?.denied ? null : false;
    const used = await portsInUse();
    const [, from, to] =
      /^(\d+)\s+(\d+)/.exec(await readText(join(root, "proc/sys/net/ipv4/ip_local_port_range")) ?? "") ?? [];
    return {
      listenPort,
      isOurs,
      taken: isOurs !== false || listenPort === 0 ? null : await takenBy(listenPort),
      range: portRange,
      inUse: [...used].filter((port) => port >= portRange.from && port <= portRange.to).length,
      ephemeral: from === undefined ? null : { from: Number(from), to: Number(to) },
      conflicts: (snapshot?.workloads ?? []).filter(({ reason }) => reason === "port_conflict")
        .map(({ name, message, hint }) => ({ name, message, hint })),
    };
  },
  evaluate({ listenPort, isOurs, taken, range, inUse, ephemeral, conflicts }) {
    const found: Finding[] = [];
    if (taken !== null) found.push(problem(taken, "stop that program, or set listen_port in config.toml"));
    for (const { name, message, hint } of conflicts) {
      found.push(problem(`${name}: ${message}`, hint ?? "give it another port in its manifest"));
    }
    const size = range.to - range.from + 1;
    const shown = `${range.from}-${range.to}`;
    if (inUse > size * 0.9) {
      found.push(warning(`${inUse} of ${size} ports of port_range are taken`, "widen port_range in [native]"));
    }
    if (ephemeral !== null && ephemeral.from <= range.to && range.from <= ephemeral.to) {
      const hint =
        `sudo sysctl -w net.ipv4.ip_local_reserved_ports=${shown}, and write it to /etc/sysctl.d/harbornode.conf`;
      found.push(warning(`connections of this device take ports of port_range (${shown}) as well`, hint));
    }
    const whose = isOurs === null ? "the daemon's, or free" : isOurs ? "the daemon's" : "free";
    const page = listenPort === 0 ? "any for the page" : `${listenPort} is ${whose}`;
    return orOk(found, `${page}, ${inUse} of ${size} taken in ${shown}`);
  },
};

async function takenBy(port: number): Promise<string | null> {
  try {
    await checkPortsFree([{ name: null, hostAddress: "", host: port, container: port, protocol: "tcp" }]);
    return null;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}
