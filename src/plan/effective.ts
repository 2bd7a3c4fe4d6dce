/** Which spec counts for a workload now: what the revision says, or for an invalid manifest what was last applied. */
import type { Desired, InvalidManifest } from "../model/desired.ts";
import type { WorkloadMemory } from "../model/memory.ts";
import type { Kind, Workload } from "../model/workload.ts";

export interface Effective {
  name: string;
  kind: Kind;
  /** Null: the manifest is invalid and nothing was ever applied. */
  spec: Workload | null;
  /** The revision that `spec` came with. */
  revision: string | null;
  invalid: InvalidManifest | null;
}

/** Sorted by name; a name is in it once. */
export function effective(desired: Desired, memory: ReadonlyMap<string, WorkloadMemory>): Effective[] {
  const all = new Map<string, Effective>();
  for (const spec of desired.workloads) {
    all.set(spec.name, { name: spec.name, kind: spec.kind, spec, revision: desired.revision, invalid: null });
  }
  for (const invalid of desired.invalid) {
    const applied = memory.get(invalid.name)?.applied ?? null;
    const problems = [...(all.get(invalid.name)?.invalid?.problems ?? []), ...invalid.problems];
    all.set(invalid.name, {
      name: invalid.name,
      kind: invalid.kind,
      spec: applied?.workload ?? null,
      revision: applied?.revision ?? null,
      invalid: { ...invalid, problems },
    });
  }
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
