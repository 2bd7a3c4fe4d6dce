/** Logs of a workload of this device. */
import type { LogLine, LogOptions } from "../runtime/runtime.ts";
import { unknownWorkload } from "./find_workload.ts";
import type { OperationDeps } from "./operation_deps.ts";

/** Throws a `Failure` (`mistake`) for a workload that this device does not run. */
export function workloadLogs(
  { reconciler, observer, runtimes }: Pick<OperationDeps, "reconciler" | "observer" | "runtimes">,
  name: string,
  options: LogOptions,
): AsyncIterable<LogLine> {
  const spec = reconciler.plan.workloads.find((workload) => workload.name === name)?.spec ?? null;
  const runtime = spec === null ? undefined : runtimes.get(spec.runtime);
  if (runtime === undefined) return unknownWorkload(reconciler.plan, name);
  const formerName = observer.instancesOf(name)[0]?.formerName;
  return runtime.logs(formerName ?? name, options);
}
