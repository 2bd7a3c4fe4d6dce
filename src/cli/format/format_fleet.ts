/** Which device of a fleet runs what, as a table of 80 columns: a row for each workload. */
import type { Desired } from "../../model/desired.ts";
import { wrap } from "./wrap.ts";
import { table } from "./table.ts";

export interface FleetResult {
  device: string;
  desired: Desired;
}

/** With many devices their names would fill the terminal: who wants them all reads --json. */
const NAMED = 8;

export function formatFleet(fleet: readonly FleetResult[]): string {
  const rows = workloadsOf(fleet).map((
    { name, kind, devices },
  ) => [name, kind, `${devices.length} of ${fleet.length}`, devices.join(", ")]);
  const [head, ...lines] = table(["WORKLOAD", "KIND", "DEVICES"], rows.map((row) => row.slice(0, 3)));
  return [
    head,
    ...lines.flatMap((line, index) => [line, ...namesBelow(rows[index]![3]!.split(", "), fleet.length)]),
  ].join("\n");
}

/** What `validate --all-devices --json` prints, by device. */
export function fleetObject(
  fleet: readonly FleetResult[],
): Record<string, { workloads: string[]; not_selected: string[] }> {
  return Object.fromEntries(fleet.map(({ device, desired }) => [device, {
    workloads: desired.workloads.map((spec) => spec.name),
    not_selected: desired.notSelected,
  }]));
}

function namesBelow(devices: readonly string[], all: number): string[] {
  if (devices.length === all && all > 1) return ["    every device"];
  if (devices.length === 1 && devices[0] === "") return ["    no device"];
  const shown = devices.slice(0, NAMED).join(", ");
  const rest = devices.length - NAMED;
  return wrap(`    ${shown}${rest > 0 ? ` and ${rest} more` : ""}`, 4);
}

function workloadsOf(fleet: readonly FleetResult[]): { name: string; kind: string; devices: string[] }[] {
  const all = new Map<string, { name: string; kind: string; devices: string[] }>();
  for (const { desired } of fleet) {
    for (const name of desired.notSelected) {
      if (!all.has(name)) all.set(name, { name, kind: "", devices: [] });
    }
  }
  for (const { device, desired } of fleet) {
    for (const { name, kind, job } of desired.workloads) {
      const one = all.get(name) ?? { name, kind, devices: [] };
      all.set(name, { ...one, kind: job === null ? kind : "job", devices: [...one.devices, device] });
    }
  }
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
