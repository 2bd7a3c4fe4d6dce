/** Revision rollback: a revision that is rolled back as a whole because one of its workloads failed. */
import { fingerprint } from "../../../model/fingerprint.ts";
import { shortId } from "../../../model/git_ref.ts";
import type { QuarantinedRevision } from "../../../model/rollout.ts";
import type { RolloutPolicy } from "../../../model/workload.ts";
import type { PlanContext } from "../plan_input.ts";
import type { ResolvedWorkload } from "../resolved_workload.ts";

type Scope = NonNullable<RolloutPolicy["scope"]>;

/**
 * Returns the quarantine that the first failed workload, by name, puts on the desired revision; null for none, and for a
 * revision that is being rolled back already.
 */
export function revisionQuarantine(
  workloads: readonly ResolvedWorkload[],
  { desired: { revision }, revisionFailure, rolloutScope: scope }: Pick<
    PlanContext,
    "desired" | "revisionFailure" | "rolloutScope"
  >,
): QuarantinedRevision | null {
  if (revisionFailure !== null) return null;
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

/**
 * True while the revision may still be rolled back as a whole: a workload is not stable yet. Workloads that git deleted
 * have to stay until then.
 */
export function isRevisionRollbackPossible(workloads: readonly ResolvedWorkload[], scope: Scope): boolean {
  const decisions = workloads.flatMap((workload) => workload.rollout ?? []).filter(({ desired }) =>
    desired.job === null
  );
  if (!decisions.some(({ desired }) => (desired.rollout.scope ?? scope) === "revision")) return false;
  return decisions.some(({ desired, rollouts }) =>
    desired.enabled && !desired.suspend && rollouts.versions.at(-1)?.fingerprint !== fingerprint(desired)
  );
}
