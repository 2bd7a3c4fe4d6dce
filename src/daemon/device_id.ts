/** Who this device is: an id that is kept for ever, made once. */
import { hostname } from "node:os";
import { diskFault, Failure } from "../failure.ts";
import { dataDir, deviceFile, makeFolder, newDeviceId } from "../store/data_dir.ts";
import { IDENTITY } from "../store/state_formats.ts";
import { StateDisk } from "../store/state_writer.ts";
import type { Unsaved } from "../store/unsaved_reason.ts";

/**
 * The id of the device whose data_dir is `root`, made and written down when there is none. Throws a `Failure` when that
 * cannot be written on a device that runs nothing yet; one that does is controlled all the same, by the id that it has.
 */
export async function deviceId(root: string, disk = new StateDisk({ root })): Promise<string> {
  await makeFolder(root, { mode: 0o711 }).catch((error: Failure) => {
    if (diskFault(error.cause) === null) throw error;
  });
  const known = await disk.read(deviceFile(root), IDENTITY);
  if (known !== null) return known.id;
  const machine = await Deno.readTextFile("/etc/machine-id").catch(() => hostname());
  const made = { id: newDeviceId(machine.trim(), root) };
  await disk.write(deviceFile(root), IDENTITY, () => made);
  if (disk.unsaved !== null && !await runsSomething(dataDir(root, made.id).run)) throw cannotBegin(disk.unsaved);
  return made.id;
}

/** Whether an earlier daemon of this boot has left records of instances. */
async function runsSomething(run: string): Promise<boolean> {
  return await Array.fromAsync(Deno.readDir(run)).then((entries) => entries.length > 0, () => false);
}

function cannotBegin({ why, reason, hint }: Unsaved): Failure {
  return new Failure(`data_dir cannot be written: ${why}`, {
    kind: "refused",
    reason,
    hint: `${hint}, or set data_dir in config.toml to another folder`,
  });
}

/** When this boot of the machine began to count, for `uptime_s`. */
export function uptimeSeconds(): number {
  return Math.floor(Deno.osUptime());
}
