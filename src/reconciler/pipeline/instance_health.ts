/** Health of an instance: from the result of its probe, or of the health check of its image, and how long it has held. */
import type { Health, Instance } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";

/** Health that a probe has found; `since` is when it changed to this health, in ms since 1970. */
export interface ProbedHealth {
  health: Health;
  since: number;
  /** The instance has been healthy since this daemon started; absent: it has not. */
  hasBeenHealthy?: boolean;
}

/** Probed health by instance id. */
export type ProbedHealths = ReadonlyMap<string, ProbedHealth>;

export interface HealthInput {
  spec: Workload;
  instance: Instance;
  probedHealth: ProbedHealths;
  now: number;
}

/**
 * Decides the health of an instance. The `health` table of the manifest decides, by a probe or by the image's health check
 * that it names; without it the runtime's own health check does, and an instance with neither is healthy while it runs.
 * The result is `healthy` only after it has held for `minHealthyMs`; `wakeAt` is when that time is over.
 */
export function instanceHealth(
  { spec, instance, probedHealth, now }: HealthInput,
): { health: Health; wakeAt: number | null } {
  const { health, since } = currentHealth({ spec, instance, probedHealth });
  if (health !== "healthy" || since === null) return { health, wakeAt: null };
  const provenAt = since + spec.minHealthyMs;
  // A clock that was set back must not turn a healthy instance to `unknown` for years.
  return now < provenAt && now >= since ? { health: "unknown", wakeAt: provenAt } : { health, wakeAt: null };
}

function currentHealth(
  { spec, instance, probedHealth }: Omit<HealthInput, "now">,
): { health: Health; since: number | null } {
  if (spec.health !== null) {
    const probed = probedHealth.get(instance.id);
    return { health: probed?.health ?? "unknown", since: probed?.since ?? null };
  }
  const { runtimeHealth, startedAt } = instance;
  const health = runtimeHealth === null ? "healthy" : runtimeHealth === "starting" ? "unknown" : runtimeHealth;
  return { health, since: startedAt };
}
