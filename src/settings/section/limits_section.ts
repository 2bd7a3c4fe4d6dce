/** `[limits]`: memory and disk space reserved for the rest of the device. */
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { size } from "../../schema/quantity.ts";
import { setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const MIB = 1024 * 1024;

export const LIMITS = {
  name: "limits",
  fields: fields({
    memory_reserve: setting(size, 64 * MIB, "Memory that limits of workloads leave to the rest of the device"),
    disk_reserve: setting(size, 128 * MIB, "Disk space that downloads and the repository leave free"),
  }),
};

type Values = InferComplete<typeof LIMITS.fields>;

export function limitsOf(values: Values): Settings["limits"] {
  return { memoryReserveBytes: values.memory_reserve, diskReserveBytes: values.disk_reserve };
}
