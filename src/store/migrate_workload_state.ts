/** How the state of a workload in an older format becomes one in the next format. */
import { filesMountedAlone, fingerprint } from "../model/fingerprint.ts";
import type { SlotState, WorkloadState } from "../model/workload_state.ts";
import type { RolloutState } from "../model/rollout.ts";
import type { Workload } from "../model/workload.ts";

/**
 * Format 2 wrote SIGTERM for every manifest without `stop_signal`, and so overruled the image's STOPSIGNAL. Format 3 has
 * null there. A manifest that says SIGTERM itself looks the same; its applied spec is written anew with the first
 * reconcile. The signal is no part of the fingerprint, so nothing is started again.
 *
 * Fingerprints of format 2 left out files that a container mounts alone without `on_change = "restart"`. These containers
 * may have an old content, and are replaced once; what is remembered of their specs is remembered by the new fingerprint.
 */
export function raise2(value: unknown): unknown {
  try {
    return raised(value as WorkloadState);
  } catch {
    // It has not the shape of the format: `check` says so.
    return value;
  }
}

function raised(state: WorkloadState): WorkloadState {
  const { applied, rollouts } = state;
  const renamed = new Map<string, string>();
  // The applied spec last: what runs is of it.
  for (const version of [...rollouts?.versions ?? [], ...(applied === null ? [] : [applied])]) {
    renamed.set(version.fingerprint, raisedSpec(version).fingerprint);
  }
  const slots = Object.entries(state.slots).map(([slot, one]): [string, SlotState] => [
    slot,
    withFingerprint(one, renamed),
  ]);
  return {
    ...state,
    applied: applied === null ? null : raisedSpec(applied),
    slots: Object.fromEntries(slots),
    ...(rollouts === undefined ? {} : { rollouts: raisedRollouts(rollouts, renamed) }),
  };
}

function raisedRollouts(rollouts: RolloutState, renamed: ReadonlyMap<string, string>): RolloutState {
  const { refused, underWay } = rollouts;
  return {
    ...rollouts,
    versions: rollouts.versions.map(raisedSpec),
    ...(underWay === undefined ? {} : { underWay: withFingerprint(underWay, renamed) }),
    ...(refused === undefined
      ? {}
      : { refused: { ...refused, target: renamed.get(refused.target) ?? refused.target } }),
  };
}

function raisedSpec<T extends { workload: Workload; fingerprint: string }>(one: T): T {
  const { stopSignal } = one.workload;
  const workload: Workload = stopSignal === "SIGTERM" ? { ...one.workload, stopSignal: null } : one.workload;
  const isAnother = filesMountedAlone(workload).length > 0;
  return { ...one, workload, fingerprint: isAnother ? fingerprint(workload) : one.fingerprint };
}

function withFingerprint<T extends { fingerprint: string }>(one: T, renamed: ReadonlyMap<string, string>): T {
  return { ...one, fingerprint: renamed.get(one.fingerprint) ?? one.fingerprint };
}
