/**
 * Stage: joins everything that the device should run: the candidates from valid manifests, and stored specs for those
 * that a suspension, a gate or a problem keeps from being applied, or that git deleted and that must not be removed yet.
 */
import { type Override, withOverride } from "../../model/override.ts";
import type { Applied } from "../../model/workload_state.ts";
import type { Workload } from "../../model/workload.ts";
import { earliest } from "./earliest.ts";
import { activeOverride, overrideDueAt } from "./gates/active_override.ts";
import type { PlanContext } from "./plan_input.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";
import type { EvaluatedCandidate } from "./rollout/evaluate_rollouts.ts";

/** A name occurs once. Desired workloads are sorted by name and precede those that git deleted. */
export function resolveWorkloads(
  candidates: readonly EvaluatedCandidate[],
  context: PlanContext,
): { workloads: ResolvedWorkload[]; wakeAt: number | null } {
  const valid = candidates.map((candidate) => resolveCandidate(candidate, context));
  const desired = [...withInvalid(valid, context).values()].sort((a, b) => a.name < b.name ? -1 : 1);
  const workloads = [...desired, ...deletedWorkloads(desired, context)];
  const times = workloads.map(({ override }) => override === null ? null : overrideDueAt(override, context));
  return { workloads, wakeAt: earliest(...times) };
}

function resolveCandidate(candidate: EvaluatedCandidate, context: PlanContext): ResolvedWorkload {
  const { name, kind, gated, override, runtimeChoice, rollout } = candidate;
  if (candidate.isFrozen) return frozenWorkload(candidate, context);
  if (rollout === null) return { ...storedWorkload(name, { override, context }), kind, gated };
  return {
    name,
    kind,
    spec: rollout.spec,
    revision: rollout.revision,
    invalid: null,
    gated: null,
    override,
    runtimeChoice: rollout.quarantined === null ? runtimeChoice : null,
    rollout,
  };
}

/** Resolves a suspended workload: to its last applied spec, or to the desired one when nothing was ever applied. */
function frozenWorkload(
  { name, kind, spec, override }: EvaluatedCandidate,
  context: PlanContext,
): ResolvedWorkload {
  const stored = storedWorkload(name, { override, context });
  if (stored.spec !== null) return { ...stored, kind, frozen: "applied" };
  return { ...stored, kind, spec, revision: context.desired.revision, frozen: "untouched" };
}

/** Adds the workloads of invalid manifests. An invalid manifest takes precedence over a valid one of the same name. */
function withInvalid(valid: readonly ResolvedWorkload[], context: PlanContext): Map<string, ResolvedWorkload> {
  const all = new Map(valid.map((workload) => [workload.name, workload]));
  for (const invalid of context.desired.invalid) {
    const { name, kind } = invalid;
    const override = activeOverride(name, context);
    const stored = frozenByHold(storedWorkload(name, { override, context }));
    const problems = [...(all.get(name)?.invalid?.problems ?? []), ...invalid.problems];
    all.set(name, { ...stored, kind, invalid: { ...invalid, problems } });
  }
  return all;
}

/**
 * Finds instances of workloads that git deleted and that keep their last applied spec: the operator suspended them, or
 * the revision that deleted them is rolled back as a whole.
 */
function deletedWorkloads(desired: readonly ResolvedWorkload[], context: PlanContext): ResolvedWorkload[] {
  const names = new Set(desired.map((workload) => workload.name));
  const deleted = [...context.byWorkload.keys()].filter((name) => !names.has(name));
  return deleted.flatMap((name) => {
    const active = activeOverride(name, context);
    const override = active?.action === "suspend" ? active : null;
    const stored = storedWorkload(name, { override, context });
    return stored.spec === null || (override === null && context.revisionFailure === null)
      ? []
      : [frozenByHold(stored)];
  });
}

/** Freezes a stored workload that the operator suspends. */
function frozenByHold(workload: ResolvedWorkload): ResolvedWorkload {
  return workload.spec !== null && workload.override?.action === "suspend"
    ? { ...workload, frozen: "applied" }
    : workload;
}

/** Resolves a workload to the spec that was last applied. */
function storedWorkload(
  name: string,
  { override, context }: { override: Override | null; context: PlanContext },
): ResolvedWorkload {
  const applied = context.states.get(name)?.applied ?? null;
  return {
    name,
    kind: applied?.workload.kind ?? "service",
    spec: appliedSpec(applied, { name, override }),
    revision: applied?.revision ?? null,
    invalid: null,
    gated: null,
    override,
    runtimeChoice: null,
    rollout: null,
  };
}

/** Returns the last applied spec under its present name: it may have been applied under another one. */
function appliedSpec(
  applied: Applied | null,
  { name, override }: { name: string; override: Override | null },
): Workload | null {
  if (applied === null) return null;
  const { workload } = applied;
  return withOverride(workload.name === name ? workload : { ...workload, name }, override);
}
