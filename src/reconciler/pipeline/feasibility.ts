/** What keeps a workload from being started on this device, found before anything is stopped or started. */
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import { portsClash } from "../../model/port.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { Workload } from "../../model/workload.ts";
import type { ResolvedWorkload } from "./resolve_workloads.ts";
import { formatMebibytes } from "../../model/size.ts";

export interface Blocked {
  reason: ReasonCode;
  message: string;
}

export interface FeasibilityInput {
  workloads: readonly ResolvedWorkload[];
  instances: readonly Instance[];
  states: ReadonlyMap<string, WorkloadState>;
  /** Bytes of memory that workloads may ask for together; null when it is not known. */
  memoryBytes: number | null;
}

/**
 * By name, what is not to be started and why. Whoever runs keeps what it has; of two that do not run, the first by name
 * comes first. What runs is never stopped for it.
 */
export function blockedWorkloads(input: FeasibilityInput): Map<string, Blocked> {
  const running = new Set(
    input.instances.filter((instance) => instance.state === "running").map((instance) => instance.workload),
  );
  const specs = input.workloads.flatMap(({ spec }) => spec !== null && spec.enabled ? [spec] : []);
  const inOrder = [
    ...specs.filter((spec) => running.has(spec.name)),
    ...specs.filter((spec) => !running.has(spec.name)),
  ];
  return new Map([
    ...byMemory(inOrder, { running, states: input.states, max: input.memoryBytes }),
    ...byPorts(inOrder, { running, states: input.states }),
  ]);
}

/** Held is what others run with, and what specs before it ask for: so a move to a port that is taken stops nothing. */
function byPorts(
  specs: readonly Workload[],
  { running, states }: { running: ReadonlySet<string>; states: FeasibilityInput["states"] },
): Map<string, Blocked> {
  const held = [...running].flatMap((name) => {
    const ports = states.get(name)?.applied?.workload.ports ?? [];
    return ports.map((port) => ({ name, port }));
  });
  const blocked = new Map<string, Blocked>();
  for (const { name, ports } of specs) {
    if (ports.length === 0) continue;
    const rival = held.find((one) => one.name !== name && ports.some((port) => portsClash(one.port, port)));
    if (rival === undefined) {
      held.push(...ports.map((port) => ({ name, port })));
      continue;
    }
    const port = `${rival.port.host}/${rival.port.protocol}`;
    blocked.set(name, { reason: "port_conflict", message: `port ${port} is asked for by "${rival.name}" as well` });
  }
  return blocked;
}

/**
 * Limits of memory are what workloads may take; those without one are not counted. What runs has what it was applied
 * with, and a change that asks for more is new.
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
    const wanted = limitOf(spec);
    const applied = states.get(spec.name)?.applied?.workload;
    const has = !running.has(spec.name) ? 0 : applied === undefined ? wanted : limitOf(applied);
    if (max !== null && wanted > has && promised + wanted > max) {
      const left = Math.max(0, max - promised);
      const message = `asks for ${formatMebibytes(wanted)} of memory, and ${
        formatMebibytes(left)
      } are not promised to others`;
      blocked.set(spec.name, { reason: "insufficient_memory", message });
      promised += has;
    } else promised += wanted;
  }
  return blocked;
}

function limitOf({ resources, replicas }: Workload): number {
  return (resources.memoryBytes ?? 0) * replicas;
}
