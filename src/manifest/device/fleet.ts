/**
 * [pure] `devices.toml`, at the top of the repository's folder: a list of the devices, for commands that check or encrypt
 * for all of them. No device reads it: a device has its own config.toml.
 */
import type { Problem } from "../../model/problem.ts";
import { type Diagnostic, DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields, readFields, withDefaults } from "../../schema/field_table.ts";
import { size } from "../../schema/quantity.ts";
import { flag, mapOf, text } from "../../schema/schema.ts";
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import { isTable, quote } from "../../schema/toml_value.ts";
import { architecture } from "./selector.ts";
import type { Target } from "./selector.ts";

export const FLEET_FILE = "devices.toml";

/** A device as the repository describes it. */
export interface FleetDevice extends Target {
  /** The age recipient of the device; null where it is not known. */
  recipient: string | null;
}

const NAME = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62})$/;
const LABEL = { pattern: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, expected: "lower-case letters, digits, . _ and -" };

const RECIPIENT = text({ pattern: /^age1[0-9a-z]+$/, expected: 'a recipient like "age1..."' });

const FIELDS = fields({
  labels: field(mapOf(text(), LABEL), {}, { doc: "As in its config.toml", example: 'labels = { room = "hall" }' }),
  arch: field(architecture, null, { doc: "Of its processor", example: 'arch = "arm64"' }),
  memory: field(size, null, { doc: "All of it", example: 'memory = "1Gi"' }),
  docker: field(flag, null, { doc: "Whether it has Docker", example: "docker = true" }),
  recipient: field(RECIPIENT, null, {
    doc: 'What "harbornode secret recipient" prints on it',
    example: 'recipient = "age1..."',
  }),
});

/** Returns every device of the file in its order, or the problems. A device may be its recipient only, as a string. */
export function readFleet(source: string): { devices: FleetDevice[] } | { problems: Problem[] } {
  const document = parseDocument(FLEET_FILE, source);
  if ("problem" in document) return { problems: [document.problem] };
  const diagnostics: Diagnostic[] = [];
  const devices = Object.entries(document.table).map(([name, given]): FleetDevice => {
    const scope = new DiagnosticScope(diagnostics).at(name);
    if (!NAME.test(name)) scope.keyError(`the name ${quote(name)} cannot be that of a device`);
    const short = typeof given === "string" ? RECIPIENT.read(given, scope) : undefined;
    const table = typeof given === "string" ? short === undefined ? {} : { recipient: short } : given;
    if (!isTable(table)) scope.mismatch(given, "a table", `write [${quote(name)}]`);
    const read = withDefaults(FIELDS, readFields(FIELDS, isTable(table) ? table : {}, { scope }));
    const { labels, arch, memory, docker, recipient } = read;
    return {
      device: name,
      labels,
      recipient,
      ...(arch === null ? {} : { arch }),
      ...(memory === null ? {} : { memoryBytes: memory }),
      ...(docker === null ? {} : { docker }),
    };
  });
  return diagnostics.length === 0 ? { devices } : { problems: withPositions(FLEET_FILE, source, diagnostics) };
}
