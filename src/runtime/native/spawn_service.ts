/** A shim with a service below it, from the spawn until it is known who they are. */
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import { type ShimRequest, spawnShim } from "./shim.ts";
import type { Supervised } from "./supervised.ts";

/** A shim says who it is within milliseconds; a board under load may take a while. */
const DEADLINE_MS = 10_000;

export interface SpawnInput {
  request: ShimRequest;
  clock: Clock;
  /** Called when the shim has ended, which may be before this returns. */
  ended: () => void;
}

/** Throws `Failure` when it did not come to life, and leaves no process then. */
export async function spawnService(one: Supervised, { request, clock, ended }: SpawnInput): Promise<void> {
  const child = await spawnShim(request);
  let over = false;
  let broken: Error | null = null;
  const finish = () => {
    over = true;
    ended();
  };
  child.once("exit", finish);
  child.once("error", (error) => {
    broken = error;
    finish();
  });
  const deadline = clock.monotonic() + DEADLINE_MS;
  while (!await one.learnIdentity(clock.now())) {
    if (over || clock.monotonic() > deadline) {
      // The shim may have written and ended between the two looks.
      if (await one.learnIdentity(clock.now())) return;
      await one.killTree();
      const cause = broken === null ? "" : `: ${(broken as Error).message}`;
      throw new Failure(`${one.record.workload}[${one.record.slot}] could not be started${cause}`, {
        kind: "transient",
        reason: "start_failed",
      });
    }
    await clock.sleep(1);
  }
}
