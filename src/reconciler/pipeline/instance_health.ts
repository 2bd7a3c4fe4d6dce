/** Is an instance healthy: from its probe's verdict, the runtime's own view, and how long it has been so. */
import type { Instance } from "../../model/instance.ts";
import type { Health } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";

/** What a probe has found so far; `since` is when it came to this verdict, in ms since 1970. */
export interface ProbedHealth {
  health: Health;
  since: number;
  /** Whether the instance was ever healthy, as far as this daemon has seen; absent: no. */
  hasBeenHealthy?: boolean;
}

export type ProbedHealths = ReadonlyMap<string, ProbedHealth>;

export interface HealthInput {
  spec: Workload;
  instance: Instance;
  probedHealth: ProbedHealths;
  now: number;
}

/**
 * A manifest's `health` decides, its probe or the image's check that it names; without one the runtime's own check does,
 * and without either, running is healthy. All of it counts only after `minHealthyMs`: `wakeAt` is when a verdict that waits for that becomes one.
 */
export function healthOf(
  { spec, instance, probedHealth, now }: HealthInput,
): { health: Health; wakeAt: number | null } {
  const { health, since } = verdict({ spec, instance, probedHealth });
  if (health !== "healthy" || since === null) return { health, wakeAt: null };
  const waits = since + spec.minHealthyMs;
  // A clock that jumped back must not make a healthy instance unknown for years.
  return now < waits && now >= since ? { health: "unknown", wakeAt: waits } : { health, wakeAt: null };
}

function verdict(
  { spec, instance, probedHealth }: Omit<HealthInput, "now">,
): { health: Health; since: number | null } {
  if (spec.health !== null) {
    const found = probedHealth.get(instance.id);
    return { health: found?.health ?? "unknown", since: found?.since ?? null };
  }
  const own = instance.runtimeHealth;
  return { health: own === null ? "healthy" : own === "starting" ? "unknown" : own, since: instance.startedAt };
}
