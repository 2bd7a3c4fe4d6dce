/** What a manifest that says nothing of rollouts means: five minutes to become healthy, one slot after the other. */
import type { RolloutPolicy } from "./workload.ts";

export function rolloutPolicy(said: Partial<RolloutPolicy> = {}): RolloutPolicy {
  return { strategy: null, maxParallel: 1, maxUnavailable: 1, deadlineMs: 300_000, scope: null, ...said };
}
