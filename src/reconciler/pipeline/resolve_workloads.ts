/** Which spec counts for a workload now: what the revision says, or for an invalid manifest what was last applied. */
import type { Desired, InvalidManifest, RuntimeOptions } from "../../model/desired.ts";
import { type Override, withOverride } from "../../model/override.ts";
import type { Applied, WorkloadState } from "../../model/workload_state.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { Kind, Workload } from "../../model/workload.ts";
import type { RuntimeChoice } from "./runtime_choice.ts";
import type { RolloutDecision } from "./rollout/evaluate_rollout.ts";

/** Why what git asks for may not be run on this device now, though its manifest is valid. */
export interface Gated {
  reason: ReasonCode;
  message: string;
  hint: string | null;
}

export interface ResolvedWorkload {
  name: string;
  kind: Kind;
  /** Null: the manifest is invalid and nothing was ever applied. */
  spec: Workload | null;
  /** The revision that `spec` came with. */
  revision: string | null;
  invalid: InvalidManifest | null;
  /** Set: `spec` is what was last applied, whatever git asks for. */
  gated: Gated | null;
  /**
   * Set: git changes nothing of it, since it is suspended. "applied": `spec` is what was last applied, and is
   * kept running. "untouched": nothing of it was ever applied, as far as is known, and nothing is done.
   */
  frozen?: "applied" | "untouched";
  /** What the owner said of it on the device; `spec` is already as that changes it. Null for nothing. */
  override: Override | null;
  /** How `spec` came to be taken; null for a spec from memory. */
  runtimeChoice: RuntimeChoice | null;
  /** Of a valid manifest: whether it is what git asks for, or what was healthy before. */
  rollout: RolloutDecision | null;
}

/** Sorted by name; a name is in it once. */
export function resolveWorkloads(
  desired: Desired,
  { states, choose, follow, bar, judge, holdOf }: {
    states: ReadonlyMap<string, WorkloadState>;
    choose: (choice: RuntimeOptions) => RuntimeChoice;
    /** Of a tag that is followed: what it stands for now. */
    follow: (spec: Workload) => Workload;
    /** Null for what may be run. */
    bar: (spec: Workload) => Gated | null;
    holdOf: (name: string) => Override | null;
    judge: (asked: { desired: Workload; revision: string }) => RolloutDecision;
  },
): ResolvedWorkload[] {
  const all = new Map<string, ResolvedWorkload>();
  for (const workload of desired.workloads) {
    const { name, kind } = workload;
    const choice = desired.choices?.get(name);
    const runtimeChoice = choice === undefined ? null : choose(choice);
    const override = holdOf(name);
    const wished = follow(runtimeChoice?.spec ?? workload);
    if (override?.action === "suspend" || withOverride(wished, override).suspend) {
      all.set(name, frozen(wished, { states, override, revision: desired.revision }));
      continue;
    }
    const gated = bar(wished);
    if (gated !== null) {
      const applied = states.get(name)?.applied ?? null;
      const before = { spec: appliedSpec(applied, { name, override }), revision: applied?.revision ?? null };
      all.set(name, { name, kind, ...before, invalid: null, gated, override, runtimeChoice: null, rollout: null });
      continue;
    }
    const rollout = judge({ desired: withOverride(wished, override), revision: desired.revision });
    const { spec, revision } = rollout;
    all.set(name, {
      name,
      kind,
      spec,
      revision,
      invalid: null,
      gated: null,
      override,
      runtimeChoice: rollout.quarantined === null ? runtimeChoice : null,
      rollout,
    });
  }
  for (const invalid of desired.invalid) {
    const applied = states.get(invalid.name)?.applied ?? null;
    const problems = [...(all.get(invalid.name)?.invalid?.problems ?? []), ...invalid.problems];
    all.set(invalid.name, {
      name: invalid.name,
      kind: invalid.kind,
      spec: appliedSpec(applied, { name: invalid.name, override: holdOf(invalid.name) }),
      ...(applied !== null && holdOf(invalid.name)?.action === "suspend" ? { frozen: "applied" as const } : {}),
      revision: applied?.revision ?? null,
      invalid: { ...invalid, problems },
      gated: null,
      override: holdOf(invalid.name),
      runtimeChoice: null,
      rollout: null,
    });
  }
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of what git changes nothing: whether it may be run is asked of what is run, as of all that comes from memory. */
function frozen(
  wished: Workload,
  { states, override, revision }: {
    states: ReadonlyMap<string, WorkloadState>;
    override: Override | null;
    revision: string;
  },
): ResolvedWorkload {
  const { name, kind } = wished;
  const applied = states.get(name)?.applied ?? null;
  const spec = appliedSpec(applied, { name, override });
  const rest = { name, kind, invalid: null, gated: null, override, runtimeChoice: null, rollout: null };
  if (applied === null || spec === null) return { ...rest, spec: wished, revision, frozen: "untouched" };
  return { ...rest, spec, revision: applied.revision, frozen: "applied" };
}

/** By its name now: it may have been applied under another one. */
function appliedSpec(
  applied: Applied | null,
  { name, override }: { name: string; override: Override | null },
): Workload | null {
  if (applied === null) return null;
  const { workload } = applied;
  return withOverride(workload.name === name ? workload : { ...workload, name }, override);
}
