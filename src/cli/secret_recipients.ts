/** Whom a value is encrypted to: recipients as they are, and devices as the checkout's devices.toml knows them. */
import { join } from "node:path";
import { FLEET_FILE, type FleetDevice, readFleet } from "../manifest/device/fleet.ts";
import { matches } from "../manifest/device/selector.ts";
import { suggest } from "../schema/suggest.ts";
import { quote } from "../schema/toml_value.ts";
import type { Problem } from "../model/problem.ts";
import { isRecipient } from "../secrets/x25519.ts";
import { UsageError } from "./command.ts";

/**
 * Sorted, each once. Devices are named as by `on` in manifests: "pi-kitchen", "pi-*", "room=hall". Throws `UsageError`
 * for whom nobody knows.
 */
export async function recipientsFor(
  to: readonly string[],
  dir: string,
): Promise<{ recipients: string[] } | { problems: Problem[] }> {
  const devices = to.filter((one) => !one.startsWith("age1"));
  const direct = to.filter((one) => one.startsWith("age1"));
  for (const one of direct) {
    if (!isRecipient(one)) {
      throw new UsageError(`"${one}" is no recipient of a device: it is damaged, or of another kind`);
    }
  }
  if (devices.length === 0) return { recipients: [...new Set(direct)].sort() };
  const read = await readDevices(join(dir, FLEET_FILE));
  if ("problems" in read) return read;
  const named = devices.flatMap((device) => recipientsOf(device, read.devices));
  return { recipients: [...new Set([...direct, ...named])].sort() };
}

function recipientsOf(wanted: string, fleet: readonly FleetDevice[]): string[] {
  const found = fleet.filter((device) => matches(wanted, device));
  if (found.length === 0) {
    const close = suggest(wanted, fleet.map((device) => device.device));
    const hint = close === null ? `add it: ${wanted} = "age1..."` : `did you mean "${close}"?`;
    throw new UsageError(`${FLEET_FILE} knows no device "${wanted}"; ${hint}`);
  }
  // Left out silently, it would find out when the secret is needed.
  const without = found.find((device) => device.recipient === null);
  if (without !== undefined) {
    throw new UsageError(
      `${FLEET_FILE} knows no recipient of "${without.device}"; "harbornode secret recipient" prints it there`,
    );
  }
  return found.map((device) => device.recipient!);
}

async function readDevices(path: string): Promise<{ devices: FleetDevice[] } | { problems: Problem[] }> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (text === null) {
    const hint = 'write the recipient itself, or make the file with a line for each device: pi-kitchen = "age1..."';
    return { problems: [{ file: path, field: "", message: "there is no such file", hint }] };
  }
  const read = readFleet(text);
  if ("problems" in read) return read;
  const damaged = read.devices.find((device) => device.recipient !== null && !isRecipient(device.recipient));
  if (damaged === undefined) return read;
  const message = `is ${quote(damaged.recipient)}, which is damaged, or no recipient of a device`;
  const hint = '"harbornode secret recipient" prints it on the device';
  return { problems: [{ file: path, field: `${damaged.device}.recipient`, message, hint }] };
}
