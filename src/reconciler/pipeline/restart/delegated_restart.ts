/**
 * A restart that is granted in advance. The first one after a steady run follows at once, so it need not wait for the
 * daemon, which may not even be there: a native instance that has the grant starts its program again by itself, once,
 * and a container is started by Docker, as often as it takes until that is taken back. It is counted like every other
 * restart, and granted anew when a further one would follow at once again.
 */
import type { SlotState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
import type { Workload } from "../../../model/workload.ts";
import { monotonicStart } from "../elapsed.ts";
import { restartAfter, slotAfterStart } from "./restart_decision.ts";

export interface RestartLease {
  /** Exit codes after which it is over. */
  finalCodes: readonly number[];
}

/** Null: should it end now, somebody has to look first. `wakeAt` is when that may be another answer. */
export function restartLease(
  spec: Workload,
  instance: Instance,
  { slotState, now, clockSetAt = 0 }: {
    slotState: SlotState | undefined;
    now: number;
    clockSetAt?: number | undefined;
  },
): { lease: RestartLease | null; wakeAt: number | null } {
  const none = { lease: null, wakeAt: null };
  if (spec.job !== null || spec.suspend || !spec.enabled) return none;
  // Where memory is limited, somebody has to see whether that was what ended it. Docker looks.
  if (spec.runtime === "native" && spec.resources.memoryBytes !== null) return none;
  // Where a path of the device leads has to be looked at before every start, which Docker does not do.
  if (spec.runtime === "docker" && spec.mounts.some((mount) => mount.type === "host")) return none;
  // Files with secrets are gone after a reboot of the device, and Docker would start it without.
  if (spec.runtime === "docker" && spec.secrets?.some(({ target }) => target.type === "file") === true) return none;
  if (instance.state !== "running" || spec.restart.when === "never" || slotState?.halted !== undefined) return none;
  const ended: Instance = { ...instance, state: "exited", endedAt: now, exitCode: null };
  const restart = restartAfter(spec.restart, ended, slotState);
  if (restart.type !== "again") return none;
  const steady = monotonicStart(instance.startedAt ?? now, { now, clockSetAt }) + spec.restart.resetAfterMs;
  // Docker would restart it more than once before we take that back: a container must have shown that it can run.
  if (restart.at <= now && (spec.runtime === "native" || steady <= now)) {
    const { when, successExitCodes } = spec.restart;
    return { lease: { finalCodes: when === "on-failure" ? [0, ...successExitCodes] : [] }, wakeAt: null };
  }
  return { lease: null, wakeAt: steady > now ? steady : null };
}

/** What a slot remembers after its instance started its program again by itself; null when it knows that already. */
export function slotAfterRespawns(
  spec: Workload,
  instance: Instance,
  before: SlotState | undefined,
): SlotState | null {
  const respawns = instance.respawns ?? [];
  const known = before?.respawned?.id === instance.id ? before.respawned.count : 0;
  if (respawns.length === known) return null;
  // Docker counts anew when it is started itself: those before were counted here, and a boot is no restart of ours.
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
