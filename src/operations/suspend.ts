/** Overrides of the operator: suspend, stop, start and resume. Each is saved before it takes effect. */
import { Failure } from "../failure.ts";
import { formatUntil, type Override } from "../model/override.ts";
import { newState } from "../model/workload_state.ts";
import { NO_ROLLOUTS, type RolloutState } from "../model/rollout.ts";
import { clockDoubt } from "../reconciler/pipeline/gates/clock_sync.ts";
import { addEvent, type Device } from "../daemon/device.ts";
import { findWorkload } from "./find_workload.ts";

export interface OverrideRequest {
  name: string;
  action: Override["action"];
  /** Null: until it is resumed. */
  forMs: number | null;
}

/** Returns a sentence that says what follows. Throws a `Failure` (`mistake`) where the override would have no effect. */
export async function setOverride(device: Device, { name, action, forMs }: OverrideRequest): Promise<string> {
  const workload = findWorkload(device, name);
  if (workload.spec === null) {
    throw mistake(`"${name}" was never applied, and nothing of it is here`, "mend its manifest in git first");
  }
  if (forMs !== null && !(forMs > 0 && forMs <= MAX_OVERRIDE_MS)) {
    throw mistake("--for is longer than ten years", "leave --for out: then it lasts until it is resumed");
  }
  const now = device.clock.now();
  const doubt = forMs === null ? null : doubtOf(device);
  if (doubt !== null) throw mistake(doubt, "leave --for out, or set the clock: timedatectl set-ntp true");
  const said: Override = { action, since: now, until: forMs === null ? null : now + forMs };
  await saveOverride(device, { name, override: said });
  return reportOverride(device, { name, message: `${name} ${WORDS[action]} ${formatUntil(said)}` });
}

const MAX_OVERRIDE_MS = 10 * 366 * 24 * 3600_000;

const WORDS: Record<Override["action"], string> = {
  suspend: "is suspended: it stays as it was last applied",
  stop: "is stopped, and stays so",
  start: "runs, whatever git says of it,",
};

/**
 * Ends an override or a rollback of the operator, so that the workload follows git again. Returns a sentence that says
 * so. Throws a `Failure` (`mistake`) where the workload already follows git.
 */
export async function resume(device: Device, name: string): Promise<string> {
  const workload = findWorkload(device, name);
  const { override, rollouts = NO_ROLLOUTS } = device.workloadStates.all.get(name) ?? newState(name);
  const isOverridden = override !== undefined && override.ended !== true;
  const isBack = workload.rollout?.quarantined?.by === "owner";
  if (!isOverridden && !isBack) {
    throw mistake(`"${name}" is not suspended: it follows git`, 'run "harbornode status" to see what is');
  }
  const { refused, ...free } = rollouts;
  // Ended, and not forgotten: a deadline that ran meanwhile counts from here.
  const until = Math.min(override?.until ?? Infinity, device.clock.now());
  const ended = override === undefined ? null : { ...override, until, ended: true };
  await saveOverride(device, { name, override: ended, ...(isBack && refused !== undefined ? { rollouts: free } : {}) });
  return reportOverride(device, { name, message: `${name} follows git again` });
}

/** A workload that the owner stopped follows git again; one that git switches off runs in spite of it. */
export async function start(device: Device, { name, forMs }: Omit<OverrideRequest, "action">): Promise<string> {
  const { override, spec, frozen } = findWorkload(device, name);
  if (override !== null && override.action !== "start") return await resume(device, name);
  if (spec !== null && (!spec.enabled || frozen !== undefined || override !== null)) {
    return await setOverride(device, { name, action: "start", forMs });
  }
  throw mistake(
    `"${name}" is not stopped: git asks for it to run`,
    `run "harbornode restart ${name}" to start it anew`,
  );
}

/** An end that is computed from a wrong clock would come at a time that nobody wants. */
function doubtOf({ clock, lastStateWrite }: Device): string | null {
  return clockDoubt({ now: clock.now(), lastKnown: lastStateWrite });
}

interface Said {
  name: string;
  override: Override | null;
  rollouts?: RolloutState;
}

async function saveOverride(device: Device, { name, override, rollouts }: Said): Promise<void> {
  const { override: _, ...before } = device.workloadStates.all.get(name) ?? newState(name);
  await device.workloadStates.save({
    ...before,
    ...(override === null ? {} : { override }),
    ...(rollouts === undefined ? {} : { rollouts }),
  });
}

function reportOverride(device: Device, { name, message }: { name: string; message: string }): string {
  device.retries.delete(name);
  addEvent(device, { workload: name, reason: "overridden", message });
  device.trigger.fire();
  return message;
}

function mistake(message: string, hint: string): Failure {
  return new Failure(message, { kind: "mistake", reason: "overridden", hint });
}
