/** What git asks of HarborNode itself, where that is not simply so: one calm line. */
import type { Snapshot } from "../src/model/snapshot.ts";
import { problemLine } from "../src/model/problem.ts";

export function UpgradeLine({ device: { upgrade, state_set_aside } }: Pick<Snapshot, "device">) {
  const isShown = upgrade !== null && upgrade.state !== "current";
  return (
    <>
      {isShown && (
        <div class="aside small quiet wrap">
          HarborNode: {upgrade.message}
          {upgrade.problems.map((problem) => <div class="hint">{problemLine(problem)}</div>)}
          {upgrade.hint !== null && <div class="hint">Hint: {upgrade.hint}</div>}
        </div>
      )}
      {state_set_aside.map((sentence) => <div class="aside small quiet wrap">{sentence}</div>)}
    </>
  );
}
