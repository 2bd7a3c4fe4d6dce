/** Which spec counts for a workload now: what the revision says, or for an invalid manifest what was last applied. */
import type { Desired, InvalidManifest, ModeChoice } from "../model/desired.ts";
import type { WorkloadMemory } from "../model/memory.ts";
import type { Kind, Workload } from "../model/workload.ts";
import type { ChosenMode } from "./mode.ts";
import type { Judged } from "./rollout/judge.ts";

export interface Effective {
  name: string;
  kind: Kind;
  /** Null: the manifest is invalid and nothing was ever applied. */
  spec: Workload | null;
  /** The revision that `spec` came with. */
  revision: string | null;
  invalid: InvalidManifest | null;
  /** How `spec` came to be taken; null for a spec from memory. */
  chosen: ChosenMode | null;
  /** Of a valid manifest: whether it is what git asks for, or what was healthy before. */
  judged: Judged | null;
}

/** Sorted by name; a name is in it once. */
export function effective(
  desired: Desired,
  { memory, choose, follow, judge }: {
    memory: ReadonlyMap<string, WorkloadMemory>;
    choose: (choice: ModeChoice) => ChosenMode;
    /** Of a tag that is followed: what it stands for now. */
    follow: (spec: Workload) => Workload;
    judge: (asked: { asked: Workload; revision: string }) => Judged;
  },
): Effective[] {
  const all = new Map<string, Effective>();
  for (const one of desired.workloads) {
    const { name, kind } = one;
    const choice = desired.choices?.get(name);
    const chosen = choice === undefined ? null : choose(choice);
    const judged = judge({ asked: follow(chosen?.spec ?? one), revision: desired.revision });
    const { spec, revision } = judged;
    all.set(name, {
      name,
      kind,
      spec,
      revision,
      invalid: null,
      chosen: judged.refused === null ? chosen : null,
      judged,
    });
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
      chosen: null,
      judged: null,
    });
  }
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
