/** [pure] What is measured, in the order of the table, and what HarborNode wants of itself. */

/** How large a bench is. */
export interface Scale {
  rounds: number;
  /** Numbers of services; the second one is idle, is killed and loses its daemon. */
  sizes: [number, number, ...number[]];
  /** At most so many services are killed in a round, each once. */
  kills: number;
  idleSeconds: number;
  logBytes: number;
  /** Containers that a new daemon finds. */
  containers: number;
}

export const FULL: Scale = {
  rounds: 3,
  sizes: [1, 50, 200],
  kills: 50,
  idleSeconds: 30,
  logBytes: 200e6,
  containers: 300,
};
export const QUICK: Scale = { rounds: 1, sizes: [1, 20], kills: 10, idleSeconds: 3, logBytes: 20e6, containers: 20 };

export interface Figure {
  id: string;
  /** At most 26 characters: the table fits 80 columns. */
  title: string;
  digits: number;
  /** HarborNode wants to be at or below it. */
  wanted?: number;
}

/** Less is better in every one of them. */
export function figures({ sizes, idleSeconds }: Scale): Figure[] {
  const some = sizes[1];
  return [
    { id: "restart_p50", title: "crash to restarted, ms", digits: 1, wanted: 3 },
    { id: "restart_p95", title: "  95th percentile, ms", digits: 1 },
    ...sizes.slice(1).map((size) => ({
      id: `start_${size}`,
      title: `start to ${size} up, ms`,
      digits: 0,
      ...(size === 200 ? { wanted: 700 } : {}),
    })),
    ...sizes.map((size) => ({
      id: `memory_${size}`,
      title: `memory (PSS) of ${size}, MB`,
      digits: 1,
      ...(size === 50 ? { wanted: 75 } : {}),
    })),
    { id: "memory_more", title: "  each further one, KB", digits: 0, wanted: 150 },
    { id: "idle_cpu", title: `CPU, ${idleSeconds} s, ${some} idle, ms`, digits: 0 },
    { id: "idle_writes", title: "  written to disk, KB", digits: 0, wanted: 0 },
    { id: "copied_lost", title: "copied log, lost of 10 000", digits: 2, wanted: 1 },
    { id: "log_ratio", title: "log / plain file, time", digits: 2, wanted: 1.05 },
    { id: "killed_downtime", title: "daemon killed: down, ms", digits: 0, wanted: 0 },
    { id: "killed_doubled", title: "  run twice after it", digits: 0, wanted: 0 },
  ];
}

/** What one measurement of one peer gave, by the id of its figure. */
export type Samples = Record<string, number>;
