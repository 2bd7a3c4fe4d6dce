/** What a container uses, as Docker counts it. */
import type { Usage } from "../runtime.ts";
import type { Engine } from "./engine.ts";
import type { StatsAnswer } from "./api_types.ts";

/** Numbers are worth no long wait: the next look comes soon. */
const TIMEOUT_MS = 5_000;

/** Null for a container that does not run. Throws a `Failure` when Docker does not answer. */
export async function usage(engine: Engine, containerId: string): Promise<Usage | null> {
  const { status, body } = await engine.call(`GET /containers/${encodeURIComponent(containerId)}/stats`, {
    task: `tell what container "${containerId}" uses`,
    // Without one-shot Docker waits a second to tell a percentage, which we work out ourselves.
    query: { stream: "false", "one-shot": "true" },
    accept: [404, 409],
    timeoutMs: TIMEOUT_MS,
  });
  // Podman says nothing at all of an ended container.
  return status === 200 && body !== null ? asUsage(body as StatsAnswer) : null;
}

/** Null for the empty answer that Docker gives of an ended container. */
export function asUsage({ cpu_stats: cpu, memory_stats: memory, pids_stats: pids }: StatsAnswer): Usage | null {
  const nanoseconds = cpu?.cpu_usage?.total_usage ?? 0;
  if (nanoseconds === 0) return null;
  // As `docker stats` does, on cgroup v1 (total_) and v2: pages of files that nobody touched lately are left out.
  const idle = memory?.stats?.total_inactive_file ?? memory?.stats?.inactive_file ?? 0;
  const used = memory?.usage ?? null;
  return {
    cpuMs: nanoseconds / 1e6,
    memoryBytes: used === null ? null : Math.max(0, used - idle),
    pids: pids?.current ?? null,
  };
}
