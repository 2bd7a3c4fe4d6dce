/** What is taken away because git no longer holds it: those first that nobody who leaves too depends on. */
import type { Instance } from "../../model/observed.ts";
import type { Action } from "../action.ts";
import { mayLeave } from "../depends.ts";
import { retryOf } from "../attempt.ts";
import type { PlanInput } from "../plan_input.ts";
import { retire } from "../retire.ts";

/** `names` are allowed to go, `stopped` to end. `due`: when what could not be taken away is tried again. */
export function removals(
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
  const free = mayLeave(all, input.memory);
  const because = { reason: "removed" as const, message: `revision ${revision.slice(0, 7)} does not hold it` };
  for (const name of all) {
    if (input.busy.has(name) || !free.has(name)) continue;
    const attempt = input.attempts.get(name);
    const retryAt = attempt === undefined ? null : retryOf(attempt, input.now);
    if (retryAt !== null) {
      due.push(retryAt);
      continue;
    }
    const applied = input.memory.get(name)?.applied?.workload;
    const steps = (byWorkload.get(name) ?? []).flatMap((instance) => retire(instance, applied, because));
    actions.push(...(names.includes(name) ? steps : steps.filter(({ type }) => type === "stop")));
  }
  return { actions, due };
}
