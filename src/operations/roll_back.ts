/** The owner's way back: to a version that was healthy, until git asks for something else. */
import { Failure } from "../failure.ts";
import { fingerprint, rolloutDigest } from "../model/fingerprint.ts";
import { NO_ROLLOUTS, type QuarantinedSpec, type RolloutState, type StableVersion } from "../model/rollout.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { shortId } from "../model/git_ref.ts";

type RollBackDeps = Pick<OperationDeps, "reconciler" | "state" | "sync" | "executor" | "events" | "clock">;

/**
 * `to` is a fingerprint, or its first digits; null for the version before the one that counts now. That of what git asks
 * for ends a hold. Returns a sentence. Throws a `Failure` (`mistake`) where there is nothing to go back to.
 */
export async function rollBack(deps: RollBackDeps, { name, to }: { name: string; to: string | null }): Promise<string> {
  const { reconciler, state: { workloads: states }, sync, clock } = deps;
  const workload = reconciler.plan.workloads.find((effective) => effective.name === name);
  const rollout = workload?.rollout ?? null;
  if (workload === undefined || rollout === null || workload.spec === null) {
    throw mistake(`the manifest of "${name}" has problems, and nothing is rolled out from it`, "mend it in git first");
  }
  const { desired } = rollout;
  if (desired.job !== null) throw mistake(`"${name}" is a job, and jobs have no rollouts`, "change it in git");
  const before = states.get(name);
  const rollouts = before.rollouts ?? NO_ROLLOUTS;
  const wanted = fingerprint(desired);
  if (to !== null && wanted.startsWith(to)) {
    const { refused: _, ...free } = rollouts;
    await states.save({ ...before, rollouts: free });
    return reportRollback(deps, { name, message: `${name} follows git again, as ${shortId(wanted)}` });
  }
  const target = targetOf(rollouts, { name, to, now: fingerprint(workload.spec) });
  const quarantined: QuarantinedSpec = {
    digest: rolloutDigest(desired),
    fingerprint: wanted,
    revision: sync.desired?.revision ?? "",
    target: target.fingerprint,
    by: "owner",
    reason: "rollback",
    message: "a rollback was asked for on the device",
    at: clock.now(),
    state: "going-back",
  };
  await states.save({ ...before, rollouts: { ...rollouts, refused: quarantined } });
  const version = `${shortId(target.fingerprint)} of revision ${shortId(target.revision)}`;
  return reportRollback(deps, {
    name,
    message: `${name} goes back to ${version}, until git asks for something else`,
  });
}

function targetOf(
  { versions }: RolloutState,
  { name, to, now }: { name: string; to: string | null; now: string },
): StableVersion {
  const kept = versions.map((version) => version.fingerprint.slice(0, 12)).join(", ") || "none";
  const hint = `kept versions of "${name}", the newest last: ${kept}`;
  if (to !== null) {
    const found = versions.filter((version) => version.fingerprint.startsWith(to));
    if (found.length === 1 && to.length >= 4) return found[0]!;
    throw mistake(`"${to}" ${found.length > 1 || to.length < 4 ? "may mean several" : "is no kept version"}`, hint);
  }
  const at = versions.findIndex((version) => version.fingerprint === now);
  const target = at < 0 ? versions.at(-1) : versions[at - 1];
  if (target === undefined) throw mistake(`"${name}" has no healthy version before this one`, hint);
  return target;
}

function reportRollback(
  { executor, events, reconciler }: RollBackDeps,
  { name, message }: { name: string; message: string },
): string {
  executor.retries.clear(name);
  events.add({ workload: name, reason: "rollback", message });
  reconciler.request();
  return message;
}

function mistake(message: string, hint: string): Failure {
  return new Failure(message, { kind: "mistake", reason: "rollback", hint });
}
