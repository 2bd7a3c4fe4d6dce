/** What a revision asks for, with what this device knows of its secrets. */
import type { Desired, RuntimeOptions, Unresolved } from "../model/desired.ts";
import type { Workload } from "../model/workload.ts";
import type { Vault } from "../secrets/vault.ts";

/**
 * The same with the digests of all secrets that could be decrypted, and why the others could not. Nothing is asked of a
 * workload that runs nothing, or is left alone. Holds ciphertext and digests, and no plaintext.
 */
export async function resolveSecrets(desired: Desired, vault: Vault): Promise<Desired> {
  const unresolved = new Map<string, Unresolved>(desired.unresolved ?? []);
  const resolve = async <T extends Workload>(one: T): Promise<T> => {
    const resolved = await vault.resolve(one);
    const isNeeded = one.enabled && !one.suspend;
    if (resolved.unresolved !== null && isNeeded) unresolved.set(one.name, resolved.unresolved);
    return resolved.workload;
  };
  vault.keep(desired.workloads);
  const workloads: Workload[] = [];
  for (const spec of desired.workloads) workloads.push(await resolve(spec));
  const choices = new Map<string, RuntimeOptions>();
  for (const [name, choice] of desired.choices ?? []) {
    const specs = [];
    // The objects of `workloads` are among these, and stay the same ones.
    for (const spec of choice.specs) {
      specs.push(workloads[desired.workloads.indexOf(spec)] ?? await resolve(spec));
    }
    choices.set(name, { ...choice, specs });
  }
  return {
    ...desired,
    workloads,
    ...(desired.choices === undefined ? {} : { choices }),
    ...(unresolved.size === 0 ? {} : { unresolved }),
  };
}
