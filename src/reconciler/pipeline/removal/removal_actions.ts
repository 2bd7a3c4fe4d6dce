/** What is taken away because git no longer holds it: those first that nobody who leaves too depends on. */
import type { Instance } from "../../../model/instance.ts";
import type { Action } from "../action.ts";
import { removableNow } from "../dependencies.ts";
import { retryOf } from "../retry_state.ts";
import type { PlanInput } from "../plan_input.ts";
import { teardown } from "../teardown_actions.ts";
import { shortId } from "../../../model/git_ref.ts";

/** `names` are allowed to go, `stopped` to end. `due`: when what could not be taken away is tried again. */
export function removalActions(
  names: readonly string[],
  { stopped, input, byWorkload, revision }: {
    stopped: readonly string[];
    input: PlanInput;
    byWorkload: ReadonlyMap<string, readonly Instance[]>;
    revision: string;
  },
): { actions: Action[]; due: number[] } {
  const actions: Action[] = [];
  const due: number[] = [];
  const all = [...names, ...stopped];
  const free = removableNow(all, input.states);
  const because = { reason: "removed" as const, message: `revision ${shortId(revision)} does not hold it` };
  for (const name of all) {
    if (input.busy.has(name) || !free.has(name)) continue;
    const retry = input.retries.get(name);
    const retryAt = retry === undefined ? null : retryOf(retry, input.now);
    if (retryAt !== null) {
      due.push(retryAt);
      continue;
    }
    const applied = input.states.get(name)?.applied?.workload;
    const steps = (byWorkload.get(name) ?? []).flatMap((instance) => teardown(instance, applied, because));
    actions.push(...(names.includes(name) ? steps : steps.filter(({ type }) => type === "stop")));
  }
  return { actions, due };
}
