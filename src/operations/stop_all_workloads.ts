/** Everything stopped, in order: because the owner said so, or because the machine goes down. */
import { isAlive } from "../reconciler/pipeline/teardown_actions.ts";
import type { ShutdownKind } from "../reconciler/pipeline/removal/stop_all.ts";
import { type Device, subscribe } from "../daemon/device.ts";
import { observedInstances } from "../model/instance.ts";

interface StopOptions {
  progress(message: string): void;
  signal: AbortSignal;
}

/** Stops every instance, then the daemon. Resolves with the names of what was stopped, before the daemon ends. */
export async function down(device: Device, options: StopOptions): Promise<string[]> {
  const names = await stopAllWorkloads(device, "down", options);
  // The answer must be on its way before the socket is closed.
  setTimeout(() => device.stop("down"), 100);
  return names;
}

/**
 * Resolves with the names of what was stopped. With the machine, each is tried once, and what cannot be seen or does not
 * stop is left to whoever ends everything in a moment.
 */
export async function stopAllWorkloads(
  device: Device,
  why: ShutdownKind,
  { progress, signal }: StopOptions,
): Promise<string[]> {
  device.shutdownKind = why;
  if (why === "shutdown") device.retries.clear();
  // What was planned before that says nothing of what is left.
  const { plan: before } = device;
  const names = new Set<string>();
  let last = "";
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      const instances = observedInstances(device.observations);
      for (const { workload } of instances) names.add(workload);
      const now = [...device.operations.keys()].join(", ");
      if (now !== "" && now !== last) progress(`stopping ${now}`);
      last = now;
      const left = instances.some((instance) =>
        why === "down" || (isAlive(instance) && !device.retries.has(instance.workload))
      );
      const { plan, operations } = device;
      if (!left && plan !== before && operations.size === 0 && plan.actions.length === 0) leave(resolve);
    };
    const abort = () => leave(() => reject(signal.reason));
    const unsubscribe = subscribe(device, look);
    const leave = (then: () => void) => {
      unsubscribe();
      signal.removeEventListener("abort", abort);
      then();
    };
    signal.addEventListener("abort", abort);
    device.trigger.fire();
  });
  return [...names].sort();
}
