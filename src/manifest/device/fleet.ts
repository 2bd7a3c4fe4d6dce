/**
 * [pure] `devices.toml`, at the top of the repository's folder: the devices that there are, for commands that look at
 * all of them. No device reads it: who it is says its own config.toml.
 */
import type { Problem } from "../../model/problem.ts";
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import { architecture } from "./selector.ts";
import { size } from "../../schema/quantity.ts";
import { type Field, field, flag, mapOf, readFields, text } from "../../schema/schema.ts";
import { type Diagnostic, DiagnosticScope, isTable, quote } from "../../schema/diagnostic.ts";
import type { Target } from "./selector.ts";

export const FLEET_FILE = "devices.toml";

/** A device as the repository tells of it. */
export interface FleetDevice extends Target {
  /** The age recipient that secrets for it are encrypted to; null where it is not known. */
  recipient: string | null;
}

const NAME = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62})$/;
const LABEL = { pattern: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, expected: "lower-case letters, digits, . _ and -" };

const RECIPIENT = text({ pattern: /^age1[0-9a-z]+$/, expected: 'a recipient like "age1..."' });

const FIELDS: Field[] = [
  field("labels", mapOf(text(), LABEL), {}, { doc: "As in its config.toml", example: 'labels = { room = "hall" }' }),
  field("arch", architecture, null, { doc: "Of its processor", example: 'arch = "arm64"' }),
  field("memory", size, null, { doc: "All of it", example: 'memory = "1Gi"' }),
  field("docker", flag, null, { doc: "Whether it has Docker", example: "docker = true" }),
  field("recipient", RECIPIENT, null, {
    doc: 'What "harbornode secret recipient" prints on it',
    example: 'recipient = "age1..."',
  }),
];

/** Every device of the file, in its order; a short form is its recipient alone. Or what is wrong with the file. */
export function readFleet(source: string): { devices: FleetDevice[] } | { problems: Problem[] } {
  const document = parseDocument(FLEET_FILE, source);
  if ("problem" in document) return { problems: [document.problem] };
  const found: Diagnostic[] = [];
  const devices = Object.entries(document.table).map(([name, given]): FleetDevice => {
    const scope = new DiagnosticScope(found).at(name);
    if (!NAME.test(name)) scope.keyError(`the name ${quote(name)} can not be that of a device`);
    const short = typeof given === "string" ? RECIPIENT.read(given, scope) : undefined;
    const table = typeof given === "string" ? short === undefined ? {} : { recipient: short } : given;
    if (!isTable(table)) scope.error(`is ${quote(given)}, wanted a table`, `write [${quote(name)}]`);
    const read = readFields(FIELDS, isTable(table) ? table : {}, { scope });
    return {
      device: name,
      labels: read.labels as Target["labels"] ?? {},
      recipient: read.recipient as string | null ?? null,
      ...known("arch", read.arch as Target["arch"] | null),
      ...known("memoryBytes", read.memory as number | null),
      ...known("docker", read.docker as boolean | null),
    };
  });
  return found.length === 0 ? { devices } : { problems: withPositions(FLEET_FILE, source, found) };
}

function known<K extends keyof Target>(key: K, value: Target[K] | null): Partial<Pick<Target, K>> {
  return value === null || value === undefined ? {} : { [key]: value } as Pick<Target, K>;
}
