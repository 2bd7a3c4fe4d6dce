/** Looks now and then on which ports instances really listen: soon after the start, then ever more rarely. */
import type { Instance } from "../../../model/instance.ts";
import { listeningPorts, portWarnings } from "./listening_sockets.ts";
import { cgroupPids } from "../process/cgroup_processes.ts";
import { members } from "../process/kill_tree.ts";
import type { SupervisedInstance } from "../supervised_instance.ts";

/** A program may open its ports late; once it runs for a minute it hardly changes them. The last is for ever. */
const LOOK_AFTER_MS = [2_000, 8_000, 50_000, 600_000];

export class PortMismatchWatch {
  readonly #timers = new Map<SupervisedInstance, ReturnType<typeof setTimeout>>();
  readonly #changed: () => void;

  /** `changed` is called when an instance's warnings are other ones than before. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** From now on until it has ended, or `close`. */
  follow(instance: SupervisedInstance, looks = 0): void {
    const delay = LOOK_AFTER_MS[Math.min(looks, LOOK_AFTER_MS.length - 1)]!;
    const timer = setTimeout(async () => {
      if (instance.hasExited || !this.#timers.has(instance)) return void this.#timers.delete(instance);
      if (await look(instance).catch(() => false)) this.#changed();
      if (this.#timers.has(instance)) this.follow(instance, looks + 1);
    }, delay);
    Deno.unrefTimer(timer);
    this.#timers.set(instance, timer);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** True when the instance's warnings changed. */
async function look(instance: SupervisedInstance): Promise<boolean> {
  const warnings = portWarnings(instance.record.ports, await listeningPorts(await pidsOf(instance)));
  if (same(warnings, instance.portWarnings)) return false;
  instance.setPortWarnings(warnings);
  return true;
}

async function pidsOf(instance: SupervisedInstance): Promise<number[]> {
  const { id, cgroup } = instance.record;
  if (cgroup !== null) return cgroupPids(cgroup);
  const found = await members({ id, service: instance.service, shim: instance.shim, cgroup });
  return found.map((process) => process.pid);
}

function same(a: Instance["warnings"], b: Instance["warnings"]): boolean {
  return a.length === b.length && a.every((warning, index) => warning.message === b[index]!.message);
}
