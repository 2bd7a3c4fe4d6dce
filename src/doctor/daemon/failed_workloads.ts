import type { Snapshot } from "../../model/snapshot.ts";
import { isGated } from "../../model/workload_groups.ts";
import type { Check } from "../check.ts";
import { type Finding, orOk, problem, warning } from "../finding.ts";

export interface WorkloadFacts {
  total: number;
  /** Names of those that a person has to look at. */
  failing: string[];
  /** Those that run, and not as asked. */
  warned: string[];
  /** Runtimes that do not answer the daemon, and why. */
  runtimes: { name: string; message: string }[];
}

/** Whether something is wrong, not what: that is what `harbornode status` is for. */
export const workloads: Check<WorkloadFacts, "snapshot"> = {
  group: "daemon",
  name: "workloads",
  needs: ["snapshot"],
  gather({ snapshot }) {
    return Promise.resolve(workloadFacts(snapshot));
  },
  evaluate({ total, failing, warned, runtimes }) {
    const found: Finding[] = runtimes.map(({ name, message }) =>
      problem(`${name} does not answer: ${message}`, name === "docker" ? "see docker, above" : "harbornode status")
    );
    if (failing.length > 0) {
      const need = failing.length === 1 ? "needs" : "need";
      found.push(
        warning(`${failing.length} of ${total} ${need} attention: ${failing.join(", ")}`, "harbornode status"),
      );
    }
    if (warned.length > 0) found.push(warning(`warnings of ${warned.join(", ")}`, "harbornode status"));
    return orOk(found, total === 0 ? "none on this device" : `${total}, all as asked`);
  },
};

export function workloadFacts({ workloads, runtimes }: Snapshot): WorkloadFacts {
  const failing = workloads.filter((workload) =>
    workload.health === "unhealthy" || isGated(workload) || NEEDS_SOMEBODY.has(workload.phase)
  );
  const warned = workloads.filter((workload) => workload.warnings.length > 0 && !failing.includes(workload));
  return {
    total: workloads.length,
    failing: failing.map(({ name }) => name),
    warned: warned.map(({ name }) => name),
    runtimes: runtimes.filter(({ name, enabled, ok }) =>
      enabled && !ok && workloads.some(({ runtime }) => runtime === name)
    ).map(({ name, message }) => ({ name, message })),
  };
}

const NEEDS_SOMEBODY = new Set<string>(["failed", "blocked", "invalid", "rolled-back", "degraded", "backoff"]);
