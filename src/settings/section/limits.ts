/** `[limits]`: what workloads leave to the rest of the device. */
import { size } from "../../schema/quantity.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { type Section, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const MIB = 1024 * 1024;

export const LIMITS: Section = {
  name: "limits",
  fields: [
    setting("memory_reserve", size, 64 * MIB, "Memory that limits of workloads leave to the rest of the device"),
    setting("disk_reserve", size, 128 * MIB, "Disk space that downloads leave free"),
  ],
};

export function limitsOf(read: Table): Settings["limits"] {
  return {
    memoryReserveBytes: read.memory_reserve as number,
    diskReserveBytes: read.disk_reserve as number,
  };
}
