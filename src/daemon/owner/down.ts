/** Everything stopped, in order: because the owner said so, or because the machine goes down. */
import { isAlive } from "../../plan/retire.ts";
import type { GoingDown } from "../../plan/removal/down.ts";
import { type Device, subscribe } from "../device.ts";

interface StopOptions {
  progress(message: string): void;
  signal: AbortSignal;
}

/** Stops every instance, then the daemon. Resolves with the names of what was stopped, before the daemon ends. */
export async function down(device: Device, options: StopOptions): Promise<string[]> {
  const names = await stopEverything(device, "down", options);
  // The answer must be on its way before the socket is closed.
  setTimeout(() => device.stop("down"), 100);
  return names;
}

/**
 * Resolves with the names of what was stopped. With the machine, each is tried once, and what can not be seen or does not
 * stop is left to whoever ends everything in a moment.
 */
export async function stopEverything(
  device: Device,
  why: GoingDown,
  { progress, signal }: StopOptions,
): Promise<string[]> {
  device.goingDown = why;
  if (why === "shutdown") device.attempts.clear();
  // What was planned before that says nothing of what is left.
  const { plan: before } = device;
  const names = new Set<string>();
  let last = "";
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      const instances = device.observations.flatMap((one) => one.ok ? one.instances : []);
      for (const { workload } of instances) names.add(workload);
      const now = [...device.busy.keys()].join(", ");
      if (now !== "" && now !== last) progress(`stopping ${now}`);
      last = now;
      const left = instances.some((one) => why === "down" || (isAlive(one) && !device.attempts.has(one.workload)));
      const { plan, busy } = device;
      if (!left && plan !== before && busy.size === 0 && plan.actions.length === 0) leave(resolve);
    };
    const abort = () => leave(() => reject(signal.reason));
    const unsubscribe = subscribe(device, look);
    const leave = (then: () => void) => {
      unsubscribe();
      signal.removeEventListener("abort", abort);
      then();
    };
    signal.addEventListener("abort", abort);
    device.wake.now();
  });
  return [...names].sort();
}
