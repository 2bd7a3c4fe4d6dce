/** Revisions that are taken back as a whole: where one workload of it says so, or the device does for all. */
import { fingerprint } from "../../../model/fingerprint.ts";
import type { WorkloadState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
import type { RolloutPolicy } from "../../../model/workload.ts";
import type { ResolvedWorkload } from "../resolve_workloads.ts";
import { shortId } from "../../../model/git_ref.ts";

type Scope = NonNullable<RolloutPolicy["scope"]>;

/** What is remembered of a revision that was taken back. */
export interface QuarantinedRevision {
  revision: string;
  /** In a sentence. */
  message: string;
}

/** The first workload, by name, whose failure takes all of `revision` back; null when none does. */
export function revisionQuarantine(
  workloads: readonly ResolvedWorkload[],
  { revision, scope }: { revision: string; scope: Scope },
): QuarantinedRevision | null {
  for (const { name, rollout } of workloads) {
    if (rollout === null || (rollout.desired.rollout.scope ?? scope) !== "revision") continue;
    const { quarantined, rollouts: { underWay } } = rollout;
    const failure = quarantined?.by === "health" && quarantined.revision === revision
      ? quarantined.message
      : underWay?.failed !== undefined && underWay.revision === revision
      ? underWay.failed.message
      : null;
    if (failure !== null) {
      return { revision, message: `revision ${shortId(revision)} goes back with "${name}": ${failure}` };
    }
  }
  return null;
}

/** Whether a revision that may be taken back whole is not through yet: what it no longer holds has to stay until then. */
export function isRevisionRollbackPossible(workloads: readonly ResolvedWorkload[], scope: Scope): boolean {
  const judged = workloads.flatMap((workload) => workload.rollout ?? []).filter((decision) =>
    decision.desired.job === null
  );
  if (!judged.some((decision) => (decision.desired.rollout.scope ?? scope) === "revision")) return false;
  return judged.some(({ desired, rollouts }) =>
    desired.enabled && !desired.suspend && rollouts.versions.at(-1)?.fingerprint !== fingerprint(desired)
  );
}

/** Of a revision that was taken back: what it no longer holds, and runs. */
export function retainedWorkloads(
  desired: readonly ResolvedWorkload[],
  { states, instances }: { states: ReadonlyMap<string, WorkloadState>; instances: readonly Instance[] },
): ResolvedWorkload[] {
  const known = new Set(desired.map((workload) => workload.name));
  const here = [...new Set(instances.map((instance) => instance.workload))].filter((name) => !known.has(name));
  return here.flatMap((name) => {
    const applied = states.get(name)?.applied ?? null;
    if (applied === null) return [];
    const { workload: spec, revision } = applied;
    return [{
      name,
      kind: spec.kind,
      spec,
      revision,
      invalid: null,
      gated: null,
      override: null,
      runtimeChoice: null,
      rollout: null,
    }];
  });
}
