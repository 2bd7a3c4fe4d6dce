/** Revisions that are taken back as a whole: where one workload of it says so, or the device does for all. */
import { fingerprint } from "../../model/fingerprint.ts";
import type { WorkloadMemory } from "../../model/memory.ts";
import type { Instance } from "../../model/observed.ts";
import type { RolloutPolicy } from "../../model/workload.ts";
import type { Effective } from "../effective.ts";

type Scope = NonNullable<RolloutPolicy["scope"]>;

/** What is remembered of a revision that was taken back. */
export interface RefusedRevision {
  revision: string;
  /** In a sentence. */
  message: string;
}

/** The first workload, by name, whose failure takes all of `revision` back; null when none does. */
export function refusalOf(
  workloads: readonly Effective[],
  { revision, scope }: { revision: string; scope: Scope },
): RefusedRevision | null {
  for (const { name, judged } of workloads) {
    if (judged === null || (judged.asked.rollout.scope ?? scope) !== "revision") continue;
    const { refused, rollouts: { underWay } } = judged;
    const failure = refused?.by === "health" && refused.revision === revision
      ? refused.message
      : underWay?.failed !== undefined && underWay.revision === revision
      ? underWay.failed.message
      : null;
    if (failure !== null) {
      return { revision, message: `revision ${revision.slice(0, 7)} goes back with "${name}": ${failure}` };
    }
  }
  return null;
}

/** Whether a revision that may be taken back whole is not through yet: what it no longer holds has to stay until then. */
export function mayBeTakenBack(workloads: readonly Effective[], scope: Scope): boolean {
  const judged = workloads.flatMap((one) => one.judged ?? []).filter((one) => one.asked.job === null);
  if (!judged.some((one) => (one.asked.rollout.scope ?? scope) === "revision")) return false;
  return judged.some(({ asked, rollouts }) =>
    asked.enabled && !asked.suspend && rollouts.versions.at(-1)?.fingerprint !== fingerprint(asked)
  );
}

/** Of a revision that was taken back: what it no longer holds, and runs. */
export function keptWithout(
  desired: readonly Effective[],
  { memory, instances }: { memory: ReadonlyMap<string, WorkloadMemory>; instances: readonly Instance[] },
): Effective[] {
  const known = new Set(desired.map((one) => one.name));
  const here = [...new Set(instances.map((one) => one.workload))].filter((name) => !known.has(name));
  return here.flatMap((name) => {
    const applied = memory.get(name)?.applied ?? null;
    if (applied === null) return [];
    const { workload: spec, revision } = applied;
    return [{
      name,
      kind: spec.kind,
      spec,
      revision,
      invalid: null,
      barred: null,
      held: null,
      chosen: null,
      judged: null,
    }];
  });
}
