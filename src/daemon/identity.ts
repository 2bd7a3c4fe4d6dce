/** Who this device is: an id that is kept for ever, made once. */
import { hostname } from "node:os";
import { deviceFile, newDeviceId } from "../store/data_dir.ts";
import { IDENTITY } from "../store/formats.ts";
import { readVersioned, writeVersioned } from "../store/versioned_file.ts";

/** The id of the device whose data_dir is `root`, made and written down when there is none. */
export async function deviceId(root: string): Promise<string> {
  await Deno.mkdir(root, { recursive: true, mode: 0o711 });
  const known = await readVersioned(deviceFile(root), IDENTITY);
  if (known !== null) return known.id;
  const machine = await Deno.readTextFile("/etc/machine-id").catch(() => hostname());
  const made = { id: newDeviceId(machine.trim(), root) };
  await writeVersioned(deviceFile(root), IDENTITY, made);
  return made.id;
}

/** When this boot of the machine began to count, for `uptime_s`. */
export function uptimeSeconds(): number {
  return Math.floor(Deno.osUptime());
}
