/** Everything stopped, in order: because the owner said so, or because the machine goes down. */
import { isAlive } from "../model/instance.ts";
import type { ShutdownKind } from "../reconciler/pipeline/removal/stop_all.ts";
import type { OperationDeps } from "./operation_deps.ts";

type StopDeps = Pick<OperationDeps, "reconciler" | "observer" | "executor" | "feed">;

interface StopOptions {
  progress(message: string): void;
  signal: AbortSignal;
}

/** Stops every instance, then the daemon. Resolves with the names of what was stopped, before the daemon ends. */
export async function down(deps: StopDeps & Pick<OperationDeps, "stop">, options: StopOptions): Promise<string[]> {
  const names = await stopAllWorkloads(deps, "down", options);
  // The answer must be on its way before the socket is closed.
  setTimeout(() => deps.stop("down"), 100);
  return names;
}

/**
 * Resolves with the names of what was stopped. With the machine, each is tried once, and what cannot be seen or does not
 * stop is left to whoever ends everything in a moment.
 */
export async function stopAllWorkloads(
  { reconciler, observer, executor, feed }: StopDeps,
  why: ShutdownKind,
  { progress, signal }: StopOptions,
): Promise<string[]> {
  // The plan until now says nothing of what is left.
  const { plan: before } = reconciler;
  const names = new Set<string>();
  let last = "";
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      const { instances } = observer;
      for (const { workload } of instances) names.add(workload);
      const now = [...executor.operations.keys()].join(", ");
      if (now !== "" && now !== last) progress(`stopping ${now}`);
      last = now;
      const left = instances.some((instance) =>
        why === "down" || (isAlive(instance) && !executor.retries.all.has(instance.workload))
      );
      const { plan } = reconciler;
      if (!left && plan !== before && executor.operations.size === 0 && plan.actions.length === 0) leave(resolve);
    };
    const abort = () => leave(() => reject(signal.reason));
    const unsubscribe = feed.subscribe(look);
    const leave = (then: () => void) => {
      unsubscribe();
      signal.removeEventListener("abort", abort);
      then();
    };
    signal.addEventListener("abort", abort);
    reconciler.beginShutdown(why);
  });
  return [...names].sort();
}
