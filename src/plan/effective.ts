/** Which spec counts for a workload now: what the revision says, or for an invalid manifest what was last applied. */
import type { Desired, InvalidManifest, ModeChoice } from "../model/desired.ts";
import { type Hold, withHold } from "../model/pause/hold.ts";
import type { Applied, WorkloadMemory } from "../model/memory.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Kind, Workload } from "../model/workload.ts";
import type { ChosenMode } from "./mode.ts";
import type { Judged } from "./rollout/judge.ts";

/** Why what git asks for may not be run on this device now, though its manifest is valid. */
export interface Barred {
  reason: ReasonCode;
  message: string;
  hint: string | null;
}

export interface Effective {
  name: string;
  kind: Kind;
  /** Null: the manifest is invalid and nothing was ever applied. */
  spec: Workload | null;
  /** The revision that `spec` came with. */
  revision: string | null;
  invalid: InvalidManifest | null;
  /** Set: `spec` is what was last applied, whatever git asks for. */
  barred: Barred | null;
  /**
   * Set: git changes nothing of it, since it is held or suspended. "applied": `spec` is what was last applied, and is
   * kept running. "untouched": nothing of it was ever applied, as far as is known, and nothing is done.
   */
  frozen?: "applied" | "untouched";
  /** What the owner said of it on the device; `spec` is already as that changes it. Null for nothing. */
  held: Hold | null;
  /** How `spec` came to be taken; null for a spec from memory. */
  chosen: ChosenMode | null;
  /** Of a valid manifest: whether it is what git asks for, or what was healthy before. */
  judged: Judged | null;
}

/** Sorted by name; a name is in it once. */
export function effective(
  desired: Desired,
  { memory, choose, follow, bar, judge, holdOf }: {
    memory: ReadonlyMap<string, WorkloadMemory>;
    choose: (choice: ModeChoice) => ChosenMode;
    /** Of a tag that is followed: what it stands for now. */
    follow: (spec: Workload) => Workload;
    /** Null for what may be run. */
    bar: (spec: Workload) => Barred | null;
    holdOf: (name: string) => Hold | null;
    judge: (asked: { asked: Workload; revision: string }) => Judged;
  },
): Effective[] {
  const all = new Map<string, Effective>();
  for (const one of desired.workloads) {
    const { name, kind } = one;
    const choice = desired.choices?.get(name);
    const chosen = choice === undefined ? null : choose(choice);
    const held = holdOf(name);
    const wished = follow(chosen?.spec ?? one);
    if (held?.action === "hold" || withHold(wished, held).suspend) {
      all.set(name, frozen(wished, { memory, held, revision: desired.revision }));
      continue;
    }
    const barred = bar(wished);
    if (barred !== null) {
      const applied = memory.get(name)?.applied ?? null;
      const before = { spec: appliedSpec(applied, { name, held }), revision: applied?.revision ?? null };
      all.set(name, { name, kind, ...before, invalid: null, barred, held, chosen: null, judged: null });
      continue;
    }
    const judged = judge({ asked: withHold(wished, held), revision: desired.revision });
    const { spec, revision } = judged;
    all.set(name, {
      name,
      kind,
      spec,
      revision,
      invalid: null,
      barred: null,
      held,
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
      spec: appliedSpec(applied, { name: invalid.name, held: holdOf(invalid.name) }),
      ...(applied !== null && holdOf(invalid.name)?.action === "hold" ? { frozen: "applied" as const } : {}),
      revision: applied?.revision ?? null,
      invalid: { ...invalid, problems },
      barred: null,
      held: holdOf(invalid.name),
      chosen: null,
      judged: null,
    });
  }
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of what git changes nothing: whether it may be run is asked of what is run, as of all that comes from memory. */
function frozen(
  wished: Workload,
  { memory, held, revision }: { memory: ReadonlyMap<string, WorkloadMemory>; held: Hold | null; revision: string },
): Effective {
  const { name, kind } = wished;
  const applied = memory.get(name)?.applied ?? null;
  const spec = appliedSpec(applied, { name, held });
  const rest = { name, kind, invalid: null, barred: null, held, chosen: null, judged: null };
  if (applied === null || spec === null) return { ...rest, spec: wished, revision, frozen: "untouched" };
  return { ...rest, spec, revision: applied.revision, frozen: "applied" };
}

/** By its name now: it may have been applied under another one. */
function appliedSpec(
  applied: Applied | null,
  { name, held }: { name: string; held: Hold | null },
): Workload | null {
  if (applied === null) return null;
  const { workload } = applied;
  return withHold(workload.name === name ? workload : { ...workload, name }, held);
}
