/** What a workload's instances used lately: `GET /api/v1/workloads/NAME/usage`. Fields are added, never renamed. */
export interface UsageSeries {
  /** No two samples are closer. They are further apart while nobody looks: `at` has their times. */
  interval_s: number;
  instances: SlotUsage[];
}

/** "1.5 %", "87 %" */
export function cpuText(percent: number): string {
  return `${percent < 10 ? percent : Math.round(percent)} %`;
}

/** "4.2 MB", "128 MB", "1.5 GB": a million bytes each, as disks and networks count. */
export function memoryText(bytes: number): string {
  const [size, unit] = bytes < 999.5e6 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"];
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

/** Samples of one slot, oldest first, over restarts. The three lists are of one length. */
export interface SlotUsage {
  slot: number;
  /** ISO 8601, UTC. */
  at: string[];
  /** Of one core since the sample before; null for the first of an instance. */
  cpu_percent: (number | null)[];
  /** Null where the device does not count it. */
  memory_bytes: (number | null)[];
}
