/** How much all workloads together may ask for. Whoever was there before comes first, so that nobody is pushed out. */
import type { Workload } from "../workload.ts";
import type { Policy } from "./policy.ts";
import type { Denial } from "./denial.ts";

/**
 * By name, those that are too much. `applied` tells how many instances of a workload were applied last, 0 for a new one.
 * What grows is refused before what stays, and of equals the later by name.
 */
export function overQuota(
  specs: readonly Workload[],
  { policy, applied }: { policy: Pick<Policy, "maxWorkloads" | "maxInstances">; applied: (name: string) => number },
): Map<string, Denial> {
  const enabled = specs.filter((spec) => spec.enabled);
  const stays = (spec: Workload) => applied(spec.name) >= spec.replicas;
  const isHere = (spec: Workload) => applied(spec.name) > 0;
  const inOrder = [
    ...enabled.filter(stays),
    ...enabled.filter((spec) => !stays(spec) && isHere(spec)),
    ...enabled.filter((spec) => !stays(spec) && !isHere(spec)),
  ];
  const refused = new Map<string, Denial>();
  // What is here has its places before anybody grows.
  let instances = enabled.reduce((sum, spec) => sum + (stays(spec) ? 0 : applied(spec.name)), 0);
  inOrder.forEach((spec, index) => {
    const more = stays(spec) ? spec.replicas : spec.replicas - applied(spec.name);
    if (index >= policy.maxWorkloads) {
      refused.set(spec.name, tooMany("max_workloads", policy.maxWorkloads, ["name"]));
    } else if (instances + more > policy.maxInstances) {
      refused.set(spec.name, tooMany("max_instances", policy.maxInstances, ["replicas"]));
    } else instances += more;
  });
  return refused;
}

function tooMany(key: "max_workloads" | "max_instances", max: number, path: Denial["path"]): Denial {
  const what = (key === "max_workloads" ? "workload" : "instance") + (max === 1 ? "" : "s");
  return {
    path,
    value: null,
    key,
    message: `${path[0]}: the owner of this device allows ${max} ${what} in all, and others come first`,
    hint: `take away others, or raise ${key} in [policy] of config.toml`,
  };
}
