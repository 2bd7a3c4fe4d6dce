/**
 * Stage: delegated restarts. The planner decides whether and when an instance restarts; the shim or Docker carries it out.
 * While the next restart would be immediate, the planner grants a restart lease: the shim may restart the program once,
 * and Docker the container as often as it takes, even if the daemon is down. Such restarts are counted at the next
 * reconcile, which renews or revokes the lease.
 */
import type { SlotState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
import type { Workload } from "../../../model/workload.ts";
import { fingerprint } from "../../../model/fingerprint.ts";
import { earliest } from "../earliest.ts";
import { monotonicStart } from "../elapsed.ts";
import type { PlanContext } from "../plan_input.ts";
import type { ReconcileResult } from "../plan_workloads.ts";
import { restartAfter, slotAfterStart } from "./restart_decision.ts";

export interface RestartLease {
  /** Exit codes that end the lease: no restart follows them. */
  finalCodes: readonly number[];
}

/** Lease of each instance whose lease is set or revoked (null), by its id. */
export type RestartLeases = ReadonlyMap<string, RestartLease | null>;

/** Renews the leases of instances that need no action, and revokes those of all others that were reconciled. */
export function restartLeases(
  { steps }: Pick<ReconcileResult, "steps">,
  { byWorkload, states, now, clockSetAt }: Pick<PlanContext, "byWorkload" | "states" | "now" | "clockSetAt">,
): { leases: RestartLeases; wakeAt: number | null } {
  const leases = new Map<string, RestartLease | null>();
  const times: (number | null)[] = [];
  for (const { name, leases: decision } of steps) {
    if (decision === "keep") continue;
    for (const instance of byWorkload.get(name) ?? []) {
      if (decision === "revoke") {
        leases.set(instance.id, null);
        continue;
      }
      const { spec, isSettled } = decision;
      const slotState = states.get(name)?.slots[instance.slot];
      const isRenewed = isSettled && instance.fingerprint === fingerprint(spec);
      const { lease, wakeAt } = isRenewed ? restartLease(spec, instance, { slotState, now, clockSetAt }) : NO_LEASE;
      // A container that somebody stopped must not come back with the next start of Docker.
      const canRestart = instance.state === "running" ||
        (instance.runtime === "docker" && instance.state === "exited");
      if (canRestart) leases.set(instance.id, lease);
      times.push(wakeAt);
    }
  }
  return { leases, wakeAt: earliest(...times) };
}

const NO_LEASE = { lease: null, wakeAt: null };

/** Returns the lease of an instance; null when its exit needs a decision. `wakeAt` is when that may change. */
export function restartLease(
  spec: Workload,
  instance: Instance,
  { slotState, now, clockSetAt = 0 }: {
    slotState: SlotState | undefined;
    now: number;
    clockSetAt?: number | undefined;
  },
): { lease: RestartLease | null; wakeAt: number | null } {
  if (spec.job !== null || spec.suspend || !spec.enabled || needsCheckBeforeStart(spec)) return NO_LEASE;
  if (instance.state !== "running" || spec.restart.when === "never" || slotState?.halted !== undefined) return NO_LEASE;
  const ended: Instance = { ...instance, state: "exited", endedAt: now, exitCode: null };
  const restart = restartAfter(spec.restart, ended, slotState);
  if (restart.type !== "again") return NO_LEASE;
  const steadyAt = monotonicStart(instance.startedAt ?? now, { now, clockSetAt }) + spec.restart.resetAfterMs;
  // Docker may restart a container several times before the lease is revoked: it must have run steadily once.
  if (restart.at <= now && (spec.runtime === "native" || steadyAt <= now)) {
    const { when, successExitCodes } = spec.restart;
    return { lease: { finalCodes: when === "on-failure" ? [0, ...successExitCodes] : [] }, wakeAt: null };
  }
  return { lease: null, wakeAt: steadyAt > now ? steadyAt : null };
}

/** True when only the daemon can do what has to precede a restart. */
function needsCheckBeforeStart(spec: Workload): boolean {
  // With a memory limit, the daemon has to find out whether the limit ended the program. Docker finds that out itself.
  if (spec.runtime === "native") return spec.resources.memoryBytes !== null;
  // Docker does not check again where a host path leads.
  if (spec.mounts.some((mount) => mount.type === "host")) return true;
  // Files with secrets are gone after a reboot, and Docker would start the container without them.
  return spec.secrets?.some(({ target }) => target.type === "file") === true;
}

/** Returns the slot state after delegated restarts of its instance; null when all of them are counted. */
export function slotAfterRespawns(
  spec: Workload,
  instance: Instance,
  before: SlotState | undefined,
): SlotState | null {
  const respawns = instance.respawns ?? [];
  const known = before?.respawned?.id === instance.id ? before.respawned.count : 0;
  if (respawns.length === known) return null;
  // Docker resets its counter when it starts itself. Restarts before that were counted, and a boot is no restart.
  if (respawns.length < known) {
    return instance.runtime === "native"
      ? null
      : { ...before!, respawned: { id: instance.id, count: respawns.length } };
  }
  let slotState = before;
  for (const { startedAt, endedAt, exitCode } of respawns.slice(known)) {
    const previous: Instance = { ...instance, state: "exited", startedAt, endedAt, exitCode };
    const start = { fingerprint: instance.fingerprint, reason: "exited", previous, at: endedAt };
    slotState = slotAfterStart(spec.restart, start, slotState);
  }
  return { ...slotState!, respawned: { id: instance.id, count: respawns.length } };
}
