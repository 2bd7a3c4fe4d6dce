import { join } from "node:path";
import { CONTROLLERS } from "../../runtime/native/sandbox/cgroup_mount.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { readText } from "../inspect_host.ts";

export interface ControlGroupFacts {
  /** As the root group of version 2 names them; null where it is not mounted. */
  controllers: string[] | null;
  /** Of version 1: hierarchies that a controller of ours is bound to. */
  bound: string[];
  /** Those that the kernel has, and was told to leave off. */
  disabled: string[];
  /** What the kernel was started with. */
  commandLine: string;
  /** "Raspberry Pi 4 Model B Rev 1.4"; null where nothing tells. */
  board: string | null;
  /** Where a Raspberry Pi's command line of the kernel stands; null where there is no such file. */
  cmdlineFile: string | null;
}

export const controlGroups: Check<ControlGroupFacts> = {
  group: "machine",
  name: "control groups",
  async gather({ root }) {
    const at = (path: string) => readText(join(root, path));
    const version2 = await at("sys/fs/cgroup/cgroup.controllers") ??
      await at("sys/fs/cgroup/unified/cgroup.controllers");
    // proc_pid_cgroup(5): subsys_name, hierarchy, num_cgroups, enabled.
    const rows = [...(await at("proc/cgroups") ?? "").matchAll(/^(\w+)\t(\d+)\t\d+\t(\d)$/gm)]
      .map(([, name, hierarchy, enabled]) => ({ name: name!, hierarchy: Number(hierarchy), enabled: enabled === "1" }))
      .filter(({ name }) => CONTROLLERS.some((one) => one === name));
    return {
      controllers: version2?.trim().split(/\s+/) ?? null,
      bound: rows.filter(({ hierarchy }) => hierarchy > 0).map(({ name }) => name),
      disabled: rows.filter(({ enabled }) => !enabled).map(({ name }) => name),
      commandLine: (await at("proc/cmdline") ?? "").trim(),
      board: (await at("proc/device-tree/model"))?.replaceAll("\0", "").trim() ?? null,
      cmdlineFile: await firstThere(root, ["/boot/firmware/cmdline.txt", "/boot/cmdline.txt"]),
    };
  },
  evaluate(facts) {
    const { controllers, bound } = facts;
    const version2 = "systemd.unified_cgroup_hierarchy=1";
    if (controllers === null) {
      return [
        problem("this device has no cgroup v2: limits of services are not enforced", onCommandLine(facts, version2)),
      ];
    }
    const lacking = CONTROLLERS.filter((name) => !controllers.includes(name));
    const found: Finding[] = lacking.filter((name) => !bound.includes(name)).map((name) =>
      warning(`there is no ${name} controller: such limits are not enforced`, howToSwitchOn(name, facts))
    );
    const others = lacking.filter((name) => bound.includes(name)).join(", ");
    if (others !== "") {
      found.push(
        warning(`bound to cgroup v1, so that limits are not enforced: ${others}`, onCommandLine(facts, version2)),
      );
    }
    return found.length > 0 ? found : [ok(`v2 with ${CONTROLLERS.join(", ")}`)];
  },
};

/** What a Raspberry Pi's firmware leaves off is switched on by a word of the owner's, since the last one counts. */
const SWITCH_ON: Record<string, string> = { memory: "cgroup_enable=memory cgroup_memory=1" };

function howToSwitchOn(name: string, facts: ControlGroupFacts): string {
  const { commandLine, disabled, cmdlineFile, board } = facts;
  if (cmdlineFile !== null || (board ?? "").startsWith("Raspberry Pi")) {
    return onCommandLine(facts, SWITCH_ON[name] ?? `cgroup_enable=${name}`);
  }
  const word = commandLine.split(/\s+/).find((one) => one.startsWith("cgroup_disable=") && one.includes(name));
  if (word !== undefined) return `take "${word}" out of the kernel's command line, and restart the device`;
  return disabled.includes(name)
    ? `add "cgroup_enable=${name}" to the kernel's command line, and restart the device`
    : "boot a kernel that has it (zgrep CGROUP /proc/config.gz)";
}

/** The exact edit where it is known: the file has one line, and firmware reads no second one. */
function onCommandLine({ cmdlineFile, board }: ControlGroupFacts, words: string): string {
  const file = cmdlineFile ?? ((board ?? "").startsWith("Raspberry Pi") ? "/boot/firmware/cmdline.txt" : null);
  if (file === null) return `add "${words}" to the kernel's command line, and restart the device`;
  return `sudo sed -i '1 s/$/ ${words}/' ${file} && sudo reboot`;
}

async function firstThere(root: string, paths: string[]): Promise<string | null> {
  for (const path of paths) {
    if (await Deno.stat(join(root, path)).then((info) => info.isFile, () => false)) return path;
  }
  return null;
}
