/** A shim with a service below it, from the spawn until it is known who they are. */
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import { type ShimRequest, spawnShim } from "./shim.ts";
import type { SupervisedInstance } from "./supervised_instance.ts";

/** A shim says who it is within milliseconds; a board under load may take a while. */
const DEADLINE_MS = 10_000;
/** Looks, further and further apart: of hundreds that start at once each one takes longer. */
const LOOK_MS = { first: 2, most: 20 };

export interface SpawnInput {
  request: ShimRequest;
  clock: Clock;
  /** Called when the shim has ended, which may be before this returns. */
  ended: () => void;
}

/** Throws `Failure` when it did not come to life, and leaves no process then. */
export async function spawnService(instance: SupervisedInstance, { request, clock, ended }: SpawnInput): Promise<void> {
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
  for (let wait = LOOK_MS.first; !await instance.readIdentity(clock.now()); wait = Math.min(wait * 1.5, LOOK_MS.most)) {
    if (over || clock.monotonic() > deadline) {
      // The shim may have written and ended between the two looks.
      if (await instance.readIdentity(clock.now())) return;
      await instance.killTree();
      throw notStarted(instance, broken ?? child.exitCode);
    }
    await clock.sleep(wait);
  }
}

function notStarted({ record: { workload, slot } }: SupervisedInstance, cause: Error | number | null): Failure {
  const message = cause instanceof Error
    ? `: ${cause.message}`
    : cause === null
    ? ""
    : `: its shim ended with exit code ${cause}`;
  return new Failure(`${workload}[${slot}] could not be started${message}`, {
    kind: "transient",
    reason: "start_failed",
    hint: `its log may say why: harbornode logs ${workload}`,
  });
}
