import { join } from "node:path";
import type { Check } from "../check.ts";
import { ok, skipped, warning } from "../finding.ts";
import { readText } from "../inspect_host.ts";
import { formatMebibytes } from "../../model/size.ts";

export interface MemoryFacts {
  /** Null where it is not told. */
  totalBytes: number | null;
  availableBytes: number | null;
  /** Null where there are no settings. */
  reserveBytes: number | null;
}

export const memory: Check<MemoryFacts> = {
  group: "machine",
  name: "memory",
  async gather({ root, settings }) {
    const text = await readText(join(root, "proc/meminfo")) ?? "";
    const field = (name: string) => {
      const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
      return kibibytes === undefined ? null : Number(kibibytes) * 1024;
    };
    return {
      totalBytes: field("MemTotal"),
      availableBytes: field("MemAvailable"),
      reserveBytes: settings?.limits.memoryReserveBytes ?? null,
    };
  },
  evaluate({ totalBytes, availableBytes, reserveBytes }) {
    if (totalBytes === null || availableBytes === null) {
      return [skipped("/proc/meminfo cannot be read", "mount /proc")];
    }
    const free = `${formatMebibytes(availableBytes)} of ${formatMebibytes(totalBytes)} free`;
    if (reserveBytes === null || availableBytes >= reserveBytes) return [ok(free)];
    return [warning(
      `${free}, less than memory_reserve (${formatMebibytes(reserveBytes)}) keeps for the device`,
      "see who uses it: harbornode status",
    )];
  },
};
