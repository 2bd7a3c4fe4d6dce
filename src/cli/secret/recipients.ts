/** Whom a value is encrypted to: recipients as they are, and devices as a file of the checkout knows them. */
import { join } from "node:path";
import { parseDocument, placed } from "../../manifest/document.ts";
import { nearest } from "../../manifest/nearest.ts";
import { type Found, isTable, Place, quote } from "../../manifest/place.ts";
import type { Problem } from "../../model/problem.ts";
import { isRecipient } from "../../secrets/x25519.ts";
import { UsageError } from "../command.ts";

/** `pi-kitchen = "age1..."`, a line for each device. Recipients are public; the file is committed. */
export const RECIPIENTS_FILE = "secrets/recipients.toml";

/** Sorted, each once. `*` in a device's name stands for any characters. Throws `UsageError` for whom nobody knows. */
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
  const read = await readRecipients(join(dir, RECIPIENTS_FILE));
  if ("problems" in read) return read;
  const named = devices.flatMap((device) => {
    const found = [...read.byDevice].filter(([name]) => matches(name, device)).map(([, recipient]) => recipient);
    if (found.length > 0) return found;
    const close = nearest(device, [...read.byDevice.keys()]);
    const hint = close === null ? `add it: ${device} = "age1..."` : `did you mean "${close}"?`;
    throw new UsageError(`${RECIPIENTS_FILE} knows no device "${device}"; ${hint}`);
  });
  return { recipients: [...new Set([...direct, ...named])].sort() };
}

async function readRecipients(
  path: string,
): Promise<{ byDevice: ReadonlyMap<string, string> } | { problems: Problem[] }> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (text === null) {
    const hint = 'write the recipient itself, or make the file with a line for each device: pi-kitchen = "age1..."';
    return { problems: [{ file: path, field: "", message: "there is no such file", hint }] };
  }
  const document = parseDocument(path, text);
  if ("problem" in document) return { problems: [document.problem] };
  const found: Found[] = [];
  const place = new Place(found);
  const hint = '"harbornode secret recipient" prints it on the device';
  for (const [device, recipient] of Object.entries(document.table)) {
    if (isTable(recipient)) {
      place.at(device).report("is a table, wanted a recipient", "write the devices without a table");
    } else if (typeof recipient !== "string" || !isRecipient(recipient)) {
      place.at(device).report(`is ${quote(recipient)}, wanted a recipient like "age1..."`, hint);
    }
  }
  if (found.length > 0) return { problems: placed(path, text, found) };
  return { byDevice: new Map(Object.entries(document.table as Record<string, string>)) };
}

function matches(name: string, wanted: string): boolean {
  const pattern = wanted.split("*").map((part) => part.replace(/[^A-Za-z0-9_]/g, "\\$&")).join(".*");
  return new RegExp(`^${pattern}$`).test(name);
}
