/** [pure] Which instances are probed. */
import { fingerprint } from "../model/fingerprint.ts";
import type { Instance } from "../model/instance.ts";
import type { Workload } from "../model/workload.ts";
import type { ResolvedWorkload } from "./pipeline/resolved_workload.ts";

/** Returns the running instances of the specs that are to run, with their specs; others are not probed. */
export function probeTargets(
  workloads: readonly ResolvedWorkload[],
  instances: readonly Instance[],
): { instance: Instance; workload: Workload }[] {
  const byWorkload = Map.groupBy(instances, (instance) => instance.workload);
  return workloads.flatMap(({ name, spec }) => {
    if (spec === null || spec.health === null) return [];
    const wanted = fingerprint(spec);
    return (byWorkload.get(name) ?? [])
      .filter((instance) => instance.state === "running" && instance.fingerprint === wanted)
      .map((instance) => ({ instance, workload: spec }));
  });
}
