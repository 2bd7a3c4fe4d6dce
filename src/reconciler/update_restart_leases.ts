/** Hands restart leases to the runtimes. */
import type { Instance } from "../model/instance.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RestartLease } from "./pipeline/restart/delegated_restart.ts";

/** Sets or revokes the lease of every instance that `leases` names. Never rejects. */
export async function updateRestartLeases(
  leases: ReadonlyMap<string, RestartLease | null>,
  { instances, runtimes }: { instances: readonly Instance[]; runtimes: ReadonlyMap<RuntimeName, Runtime> },
): Promise<void> {
  await Promise.all(instances.map(async (instance) => {
    const lease = leases.get(instance.id);
    if (lease === undefined) return;
    await runtimes.get(instance.runtime)?.setRestartLease(instance, lease?.finalCodes ?? null).catch(() => {
      // The instance has ended meanwhile, and its directory with it.
    });
  }));
}
