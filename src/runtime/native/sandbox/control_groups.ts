/** A control group for each instance: all its processes can be killed at once, and its limits hold for all of them. */
import { join } from "node:path";
import { enableControllers, findCgroup } from "./cgroup_mount.ts";
import { exists } from "../../../os/exists.ts";
import { removeCgroup } from "../process/cgroup_processes.ts";
import { SystemdScope } from "./systemd_scope.ts";
import { singleflight } from "../../../async/singleflight.ts";

/** Of the daemon itself, where it is in the group that instances are made in. */
const LEAF = "harbornode-daemon";

export class ControlGroups {
  readonly #deviceId: string;
  #scope: SystemdScope | null = null;
  #own: Promise<string | null> | null = null;
  readonly #find = singleflight(findCgroup);
  readonly #exists = singleflight(exists);

  constructor(deviceId: string) {
    this.#deviceId = deviceId;
  }

  /** Makes one; null where that cannot be done (version 1, a container, no root). */
  async make(id: string): Promise<string | null> {
    const found = await this.#find("");
    if (found === null) return null;
    const bySystemd = await this.#isSystemdHere();
    if (bySystemd && await this.#exists(join(found.mount, "cgroup.controllers"))) {
      this.#scope ??= new SystemdScope(this.#deviceId, found.mount);
      const group = await this.#scope.group();
      const made = group === null ? null : await makeGroup(join(group, `${this.#prefix}${id}`));
      if (made !== null) return made;
    }
    this.#own ??= ownGroup(found.own, { alone: !bySystemd });
    const group = await this.#own;
    return group === null ? null : await makeGroup(join(group, `${this.#prefix}${id}`));
  }

  /**
   * Removes those of this device that hold nothing and belong to none of these instances: a daemon that is killed
   * between making a group and writing that down leaves one behind, and hundreds of them make every other one slower.
   */
  async clean(known: ReadonlySet<string>): Promise<void> {
    const found = await this.#find("");
    if (found === null) return;
    for (const group of [new SystemdScope(this.#deviceId, found.mount).directory, groupOf(found.own)]) {
      const names = await Array.fromAsync(Deno.readDir(group), ({ name }) => name).catch(() => []);
      for (const name of names.filter((one) => one.startsWith(this.#prefix))) {
        // rmdir(2) removes no group with a process in it.
        if (!known.has(name.slice(this.#prefix.length))) await removeCgroup(join(group, name));
      }
    }
  }

  /** Two devices on one machine may share the group that theirs are made in. */
  get #prefix(): string {
    return `harbornode-${this.#deviceId.slice(0, 8)}-`;
  }

  async #isSystemdHere(): Promise<boolean> {
    return Deno.uid() === 0 && await this.#exists("/run/systemd/system");
  }

  async close(): Promise<void> {
    await this.#scope?.close();
  }
}

/** The daemon's own group. What systemd made it gives no controllers from: see `Scope`. */
async function ownGroup(own: string, { alone }: { alone: boolean }): Promise<string> {
  const group = groupOf(own);
  if (alone) await enableControllers(group, { pid: Deno.pid, name: LEAF });
  return group;
}

/** A daemon that was started by one of ours begins in its leaf. */
function groupOf(own: string): string {
  return own.endsWith(`/${LEAF}`) ? own.slice(0, -LEAF.length - 1) : own;
}

/** Null when it cannot be made, or cannot kill what is in it (before Linux 5.14). */
async function makeGroup(directory: string): Promise<string | null> {
  try {
    await Deno.mkdir(directory);
    if (await exists(join(directory, "cgroup.kill"))) return directory;
    await Deno.remove(directory);
  } catch {
    // Read-only in containers; not ours without delegation.
  }
  return null;
}
