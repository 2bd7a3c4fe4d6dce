/** Looks now and then on which ports instances really listen: soon after the start, then ever more rarely. */
import type { Instance } from "../../../model/observed.ts";
import { listeningPorts, portWarnings } from "./listening.ts";
import { pidsIn } from "../process/group.ts";
import { members } from "../process/tree.ts";
import type { Supervised } from "../supervised.ts";

/** A program may open its ports late; once it runs for a minute it hardly changes them. The last is for ever. */
const LOOK_AFTER_MS = [2_000, 8_000, 50_000, 600_000];

export class PortWatch {
  readonly #timers = new Map<Supervised, ReturnType<typeof setTimeout>>();
  readonly #changed: () => void;

  /** `changed` is called when an instance's warnings are other ones than before. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** From now on until it has ended, or `close`. */
  follow(one: Supervised, looks = 0): void {
    const delay = LOOK_AFTER_MS[Math.min(looks, LOOK_AFTER_MS.length - 1)]!;
    const timer = setTimeout(async () => {
      if (one.isOver || !this.#timers.has(one)) return void this.#timers.delete(one);
      if (await look(one).catch(() => false)) this.#changed();
      if (this.#timers.has(one)) this.follow(one, looks + 1);
    }, delay);
    Deno.unrefTimer(timer);
    this.#timers.set(one, timer);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** True when the instance's warnings changed. */
async function look(one: Supervised): Promise<boolean> {
  const warnings = portWarnings(one.record.ports, await listeningPorts(await pidsOf(one)));
  if (same(warnings, one.portWarnings)) return false;
  one.portWarnings = warnings;
  return true;
}

async function pidsOf(one: Supervised): Promise<number[]> {
  const { id, cgroup } = one.record;
  if (cgroup !== null) return pidsIn(cgroup);
  const found = await members({ id, service: one.service, shim: one.shim, cgroup });
  return found.map((process) => process.pid);
}

function same(a: Instance["warnings"], b: Instance["warnings"]): boolean {
  return a.length === b.length && a.every((warning, index) => warning.message === b[index]!.message);
}
