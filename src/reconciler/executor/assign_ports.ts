/** Ports for workloads that leave the choice to the device: kept over restarts and reboots. */
import { Failure } from "../../failure.ts";
import { portNumber } from "../../model/port.ts";
import type { Instance } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import { checkPortsFree, portsInUse } from "../../runtime/native/port/free_ports.ts";
import type { WorkloadStateStore } from "../../store/workload_state_store.ts";
import type { Plan } from "../pipeline/plan.ts";

export interface AssignPortsInput {
  states: WorkloadStateStore;
  /** Names the fixed ports of all workloads. */
  plan: Pick<Plan, "workloads">;
  /** `[native] port_range` */
  portRange: { from: number; to: number };
  /** The port of the page. */
  listenPort: number;
  workload: Workload;
  slot: number;
  /** What ran in the slot before: its port is the first choice. */
  previous: Instance | null;
}

/**
 * A number for each port of the workload: the fixed ones as they are, and for a 0 the one that the slot had before,
 * where it is free, else the first free one of `[native] port_range` that no other workload has. Written down before it
 * is used.
 */
export async function assignPorts(
  input: AssignPortsInput,
): Promise<number[]> {
  const { states, workload, slot, previous, portRange } = input;
  const { ports, name } = workload;
  if (!ports.some((port) => port.host === 0)) return ports.map((port) => port.host ?? 0);
  const before = states.get(name);
  const inUse = await portsInUse();
  const { from, to } = portRange;
  // From here on without a pause, so that two starts never choose the same.
  const taken = reservedByOthers(input);
  const chosen: number[] = [];
  for (const [index, port] of ports.entries()) {
    if (port.host !== 0) {
      chosen.push(port.host ?? 0);
      continue;
    }
    const had = previous?.ports[index] === undefined ? null : portNumber(previous.ports[index]);
    const isFree = (number: number) => !taken.has(number) && !inUse.has(number) && !chosen.includes(number);
    const range = Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
    const found = [had, before.ports?.[`${slot}/${index}`] ?? null, ...range].find((one) =>
      one !== null && isFree(one)
    );
    if (found === undefined || found === null) {
      throw new Failure(`no port from ${from} to ${to} is free`, {
        kind: "waiting",
        reason: "port_range_full",
        hint: "widen port_range below [native] in config.toml",
      });
    }
    chosen.push(found);
  }
  const own = Object.fromEntries(
    ports.flatMap((port, index) => port.host === 0 ? [[`${slot}/${index}`, chosen[index]!]] : []),
  );
  await states.save({ ...before, ports: { ...before.ports, ...own } });
  return chosen;
}

/** Throws `error`, or a better one: Docker says that a port is taken, and not by whom. */
export async function rethrowWithPortHolder(error: unknown, { ports, runtime }: Workload): Promise<never> {
  const isConflict = error instanceof Failure && error.reason === "port_conflict";
  if (isConflict && runtime === "docker") await checkPortsFree(ports);
  throw error;
}

function reservedByOthers({ states, plan, listenPort, workload, slot }: AssignPortsInput): Set<number> {
  const taken = new Set<number>();
  for (const { spec } of plan.workloads) {
    for (const port of spec?.ports ?? []) if (port.host !== null) taken.add(port.host);
  }
  for (const state of states.all.values()) {
    for (const [key, port] of Object.entries(state.ports ?? {})) {
      if (state.name !== workload.name || !key.startsWith(`${slot}/`)) taken.add(port);
    }
  }
  taken.add(listenPort);
  return taken;
}
