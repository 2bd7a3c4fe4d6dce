/** The owner's word on the device: hold, stop, start, release. Written down before it counts. */
import { Failure } from "../../failure.ts";
import { type Hold, untilText } from "../../model/pause/hold.ts";
import { emptyMemory } from "../../model/memory.ts";
import { NO_ROLLOUTS, type RolloutMemory } from "../../model/rollout.ts";
import { clockDoubt } from "../../plan/barred/clock_doubt.ts";
import { addEvent, type Device } from "../device.ts";
import { workloadNamed } from "./workload_named.ts";

export interface HoldRequest {
  name: string;
  action: Hold["action"];
  /** Null: until it is released. */
  forMs: number | null;
}

/** Returns what follows, in a sentence. Throws a `Failure` (`mistake`) where the word would mean nothing. */
export async function hold(device: Device, { name, action, forMs }: HoldRequest): Promise<string> {
  const workload = workloadNamed(device, name);
  if (workload.spec === null) {
    throw mistake(`"${name}" was never applied, and nothing of it is here`, "mend its manifest in git first");
  }
  if (forMs !== null && !(forMs > 0 && forMs <= LONGEST_MS)) {
    throw mistake("a hold lasts for ten years at most", "leave its time out: then it lasts until it is released");
  }
  const now = device.clock.now();
  const doubt = forMs === null ? null : doubtOf(device);
  if (doubt !== null) throw mistake(doubt, "leave its time out, or set the clock: timedatectl set-ntp true");
  const said: Hold = { action, since: now, until: forMs === null ? null : now + forMs };
  await save(device, { name, hold: said });
  return told(device, { name, message: `${name} ${WORDS[action]} ${untilText(said)}` });
}

const LONGEST_MS = 10 * 366 * 24 * 3600_000;

const WORDS: Record<Hold["action"], string> = {
  hold: "stays as it was last applied, whatever git says,",
  stop: "is stopped, and stays so",
  start: "runs, whatever git says of it,",
};

/**
 * Takes back what the owner said: a hold, a stop, or a rollback. Returns what follows, in a sentence. Throws a `Failure`
 * (`mistake`) where nothing was said.
 */
export async function release(device: Device, name: string): Promise<string> {
  const workload = workloadNamed(device, name);
  const { hold, rollouts = NO_ROLLOUTS } = device.memory.all.get(name) ?? emptyMemory(name);
  const isHeld = hold !== undefined && hold.ended !== true;
  const isBack = workload.judged?.refused?.by === "owner";
  if (!isHeld && !isBack) throw mistake(`"${name}" is not held: it follows git`, '"harbornode status" shows what is');
  const { refused, ...free } = rollouts;
  // Ended, and not forgotten: a deadline that ran meanwhile counts from here.
  const until = Math.min(hold?.until ?? Infinity, device.clock.now());
  const ended = hold === undefined ? null : { ...hold, until, ended: true };
  await save(device, { name, hold: ended, ...(isBack && refused !== undefined ? { rollouts: free } : {}) });
  return told(device, { name, message: `${name} follows git again` });
}

/** A workload that the owner stopped follows git again; one that git switches off runs in spite of it. */
export async function start(device: Device, { name, forMs }: Omit<HoldRequest, "action">): Promise<string> {
  const { held, spec, frozen } = workloadNamed(device, name);
  if (held !== null && held.action !== "start") return await release(device, name);
  if (spec !== null && (!spec.enabled || frozen !== undefined || held !== null)) {
    return await hold(device, { name, action: "start", forMs });
  }
  throw mistake(`git asks for "${name}" to run, and nobody holds it`, `"harbornode restart ${name}" starts it anew`);
}

/** A hold that is set by a wrong clock would end at no time that anybody meant. */
function doubtOf({ clock, lastKnown }: Device): string | null {
  return clockDoubt({ now: clock.now(), lastKnown });
}

interface Said {
  name: string;
  hold: Hold | null;
  rollouts?: RolloutMemory;
}

async function save(device: Device, { name, hold, rollouts }: Said): Promise<void> {
  const { hold: _, ...before } = device.memory.all.get(name) ?? emptyMemory(name);
  await device.memory.save({
    ...before,
    ...(hold === null ? {} : { hold }),
    ...(rollouts === undefined ? {} : { rollouts }),
  });
}

function told(device: Device, { name, message }: { name: string; message: string }): string {
  device.attempts.delete(name);
  addEvent(device, { workload: name, reason: "held", message });
  device.wake.now();
  return message;
}

function mistake(message: string, hint: string): Failure {
  return new Failure(message, { kind: "mistake", reason: "held", hint });
}
