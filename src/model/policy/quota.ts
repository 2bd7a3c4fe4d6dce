/** How much all workloads together may ask for. Whoever was there before comes first, so that nobody is pushed out. */
import type { Workload } from "../workload.ts";
import type { Policy } from "./policy.ts";
import type { Refusal } from "./refusal.ts";

/**
 * By name, those that are too much. `applied` tells how many instances of a workload were applied last, 0 for a new one.
 * What grows is refused before what stays, and of equals the later by name.
 */
export function overQuota(
  specs: readonly Workload[],
  { policy, applied }: { policy: Pick<Policy, "maxWorkloads" | "maxInstances">; applied: (name: string) => number },
): Map<string, Refusal> {
  const enabled = specs.filter((one) => one.enabled);
  const stays = (one: Workload) => applied(one.name) >= one.replicas;
  const isHere = (one: Workload) => applied(one.name) > 0;
  const inOrder = [
    ...enabled.filter(stays),
    ...enabled.filter((one) => !stays(one) && isHere(one)),
    ...enabled.filter((one) => !stays(one) && !isHere(one)),
  ];
  const refused = new Map<string, Refusal>();
  // What is here has its places before anybody grows.
  let instances = enabled.reduce((sum, one) => sum + (stays(one) ? 0 : applied(one.name)), 0);
  inOrder.forEach((one, index) => {
    const more = stays(one) ? one.replicas : one.replicas - applied(one.name);
    if (index >= policy.maxWorkloads) {
      refused.set(one.name, tooMany("max_workloads", policy.maxWorkloads, ["name"]));
    } else if (instances + more > policy.maxInstances) {
      refused.set(one.name, tooMany("max_instances", policy.maxInstances, ["replicas"]));
    } else instances += more;
  });
  return refused;
}

function tooMany(key: "max_workloads" | "max_instances", most: number, path: Refusal["path"]): Refusal {
  const what = (key === "max_workloads" ? "workload" : "instance") + (most === 1 ? "" : "s");
  return {
    path,
    value: null,
    key,
    message: `${path[0]}: the owner of this device allows ${most} ${what} in all, and others come first`,
    hint: `take away others, or raise ${key} in [policy] of config.toml`,
  };
}
