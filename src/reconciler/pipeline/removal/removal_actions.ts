/** Stop and remove actions for workloads that git deleted, dependents first. */
import { shortId } from "../../../model/git_ref.ts";
import type { Action } from "../action.ts";
import { removableNow } from "../dependencies.ts";
import { earliest } from "../earliest.ts";
import type { PlanContext } from "../plan_input.ts";
import { retryTime } from "../retry_state.ts";
import { teardown } from "../instance_actions.ts";
import type { Prune } from "./prune_guards.ts";

/**
 * Plans the removal of the workloads that are `allowed` to go, and the stop of those that are `stopped`. `wakeAt` is the
 * next retry of a removal that failed.
 */
export function removalActions(
  { allowed, stopped }: Pick<Prune, "allowed" | "stopped">,
  { desired, states, retries, byWorkload, busy, now }: PlanContext,
): { actions: Action[]; wakeAt: number | null } {
  const leaving = [...allowed, ...stopped];
  const removable = removableNow(leaving, states);
  const cause = { reason: "removed" as const, message: `revision ${shortId(desired.revision)} does not hold it` };
  const free = leaving.filter((name) => removable.has(name) && !busy.has(name));
  const delayed = free.flatMap((name) => {
    const retry = retries.get(name);
    const retryAt = retry === undefined ? null : retryTime(retry, now);
    return retryAt === null ? [] : [{ name, retryAt }];
  });
  const actions = free.filter((name) => !delayed.some((retry) => retry.name === name)).flatMap((name) => {
    const applied = states.get(name)?.applied?.workload;
    const steps = (byWorkload.get(name) ?? []).flatMap((instance) => teardown(instance, applied, cause));
    return allowed.includes(name) ? steps : steps.filter(({ type }) => type === "stop");
  });
  return { actions, wakeAt: earliest(...delayed.map(({ retryAt }) => retryAt)) };
}
