/** Who this device is: an id that is kept for ever, made once. */
import { hostname } from "node:os";
import { deviceFile, newDeviceId } from "../store/data_dir.ts";
import { type Format, readVersioned, writeVersioned } from "../store/versioned_file.ts";

const FORMAT: Format<{ id: string }> = {
  version: 1,
  check(value) {
    const id = (value as { id?: unknown } | null)?.id;
    return typeof id === "string" && /^[0-9a-f]{16}$/.test(id) ? { id } : null;
  },
};

/** The id of the device whose data_dir is `root`, made and written down when there is none. */
export async function deviceId(root: string): Promise<string> {
  await Deno.mkdir(root, { recursive: true, mode: 0o711 });
  const known = await readVersioned(deviceFile(root), FORMAT);
  if (known !== null) return known.id;
  const machine = await Deno.readTextFile("/etc/machine-id").catch(() => hostname());
  const made = { id: newDeviceId(machine.trim(), root) };
  await writeVersioned(deviceFile(root), FORMAT, made);
  return made.id;
}

/** When this boot of the machine began to count, for `uptime_s`. */
export function uptimeSeconds(): number {
  return Math.floor(Deno.osUptime());
}
