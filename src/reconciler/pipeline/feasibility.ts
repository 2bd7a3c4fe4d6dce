/** Stage: feasibility. Finds the workloads that this device has no free port or memory for, before anything is touched. */
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import { portsClash } from "../../model/port.ts";
import type { Workload } from "../../model/workload.ts";
import type { Blocked } from "./blocked.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";
import { formatMebibytes } from "../../model/size.ts";

export interface FeasibilityInput {
  instances: readonly Instance[];
  states: ReadonlyMap<string, WorkloadState>;
  /** Memory in bytes that all workloads together may be promised; null when the size of the RAM is unknown. */
  memoryBytes: number | null;
}

/**
 * Returns why workloads must not be started, by their name. A running workload keeps its ports and memory and is never
 * stopped for another one; among those that do not run, the first in the list comes first.
 */
export function infeasibleWorkloads(
  workloads: readonly ResolvedWorkload[],
  input: FeasibilityInput,
): Map<string, Blocked> {
  const running = new Set(
    input.instances.filter((instance) => instance.state === "running").map((instance) => instance.workload),
  );
  const specs = workloads.flatMap(({ spec }) => spec !== null && spec.enabled ? [spec] : []);
  const inOrder = [
    ...specs.filter((spec) => running.has(spec.name)),
    ...specs.filter((spec) => !running.has(spec.name)),
  ];
  return new Map([
    ...byMemory(inOrder, { running, states: input.states, max: input.memoryBytes }),
    ...byPorts(inOrder, { running, states: input.states }),
  ]);
}

/** A port is in use by running workloads with their applied specs, and by the specs that come first. */
function byPorts(
  specs: readonly Workload[],
  { running, states }: { running: ReadonlySet<string>; states: FeasibilityInput["states"] },
): Map<string, Blocked> {
  const inUse = [...running].flatMap((name) => {
    const ports = states.get(name)?.applied?.workload.ports ?? [];
    return ports.map((port) => ({ name, port }));
  });
  const blocked = new Map<string, Blocked>();
  for (const { name, ports } of specs) {
    if (ports.length === 0) continue;
    const rival = inUse.find((used) => used.name !== name && ports.some((port) => portsClash(used.port, port)));
    if (rival === undefined) {
      inUse.push(...ports.map((port) => ({ name, port })));
      continue;
    }
    const port = `${rival.port.host}/${rival.port.protocol}`;
    blocked.set(name, { reason: "port_conflict", message: `port ${port} is asked for by "${rival.name}" as well` });
  }
  return blocked;
}

/**
 * Promises each workload its memory limit, as far as there is memory; workloads without a limit count for nothing. A
 * running workload keeps its applied limit, and only the increase of a change needs free memory.
 */
function byMemory(
  specs: readonly Workload[],
  { running, states, max }: {
    running: ReadonlySet<string>;
    states: FeasibilityInput["states"];
    max: number | null;
  },
): Map<string, Blocked> {
  const blocked = new Map<string, Blocked>();
  let promised = 0;
  for (const spec of specs) {
    const limit = limitOf(spec);
    const applied = states.get(spec.name)?.applied?.workload;
    const present = !running.has(spec.name) ? 0 : applied === undefined ? limit : limitOf(applied);
    if (max !== null && limit > present && promised + limit > max) {
      const left = Math.max(0, max - promised);
      const message = `asks for ${formatMebibytes(limit)} of memory, and ${
        formatMebibytes(left)
      } are not promised to others`;
      blocked.set(spec.name, { reason: "insufficient_memory", message });
      promised += present;
    } else promised += limit;
  }
  return blocked;
}

function limitOf({ resources, replicas }: Workload): number {
  return (resources.memoryBytes ?? 0) * replicas;
}
