/** [pure] `on`: selects the devices that a workload is for, by name, label, architecture, memory and Docker. */
import { field, fields, tableOf, withDefaults } from "../../schema/field_table.ts";
import { size } from "../../schema/quantity.ts";
import { flag, list, mapOf, oneOrMore, present, type Schema, text } from "../../schema/schema.ts";
import { isTable } from "../../schema/toml_value.ts";

/** Architecture of a device, as artifacts call it. */
export type Architecture = "arm64" | "x86_64";

/** Facts about a device, when a manifest is read for it. */
export interface Target {
  device: string;
  labels: Record<string, string>;
  /** Absent without a device: then a download for any architecture fits. */
  arch?: Architecture;
  /** Total memory, as the kernel counts it. Absent when it is not known: then it is enough. */
  memoryBytes?: number;
  /** Whether Docker is installed, running or not. Absent when it is not known: then it is. */
  docker?: boolean;
}

/** All conditions must hold. */
export interface DeviceSelector {
  /** Names with "*", or "label=value". None of the entries with "!" may match, and one of the others must. */
  any: readonly string[];
  /** By label: values with "*", of which one must match. */
  labels: Readonly<Record<string, readonly string[]>>;
  /** One of these; empty for any. */
  arch: readonly Architecture[];
  /** Least memory; null for any. */
  memoryBytes: number | null;
  /** Null for either. */
  docker: boolean | null;
}

export const EVERY_DEVICE: DeviceSelector = { any: [], labels: {}, arch: [], memoryBytes: null, docker: null };

/** An entry of `on`: a name with "*", or "label=value"; "!" in front negates it. */
export const SELECTOR_PATTERN = /^!?(?:[A-Za-z0-9._*-]+|[a-z0-9][a-z0-9._-]*=.+)$/;

/** True when the selector matches the device. */
export function isSelected({ any, labels, arch, memoryBytes, docker }: DeviceSelector, target: Target): boolean {
  return matchesAny(any, target) &&
    Object.entries(labels).every(([label, values]) => values.some((value) => matches(`${label}=${value}`, target))) &&
    (arch.length === 0 || target.arch === undefined || arch.includes(target.arch)) &&
    (memoryBytes === null || target.memoryBytes === undefined || target.memoryBytes >= memoryBytes) &&
    (docker === null || target.docker === undefined || docker === target.docker);
}

function matchesAny(any: readonly string[], target: Target): boolean {
  const excluded = any.filter((entry) => entry.startsWith("!")).map((entry) => entry.slice(1));
  const included = any.filter((entry) => !entry.startsWith("!"));
  if (excluded.some((entry) => matches(entry, target))) return false;
  return included.length === 0 || included.some((entry) => matches(entry, target));
}

/** Compares an entry without "!" (a name, or "label=value") with a device. */
export function matches(entry: string, { device, labels }: Target): boolean {
  const at = entry.indexOf("=");
  if (at < 0) return matchesGlob(entry, device);
  const label = entry.slice(0, at);
  return Object.hasOwn(labels, label) && matchesGlob(entry.slice(at + 1), labels[label]!);
}

/** Searches the pieces between the stars from left to right: a regular expression with many stars backtracks for years. */
function matchesGlob(pattern: string, text: string): boolean {
  const [first = "", ...pieces] = pattern.split("*");
  const last = pieces.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const start = text.indexOf(piece, at);
    if (start < 0) return false;
    at = start + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

const LABEL = { pattern: /^[a-z0-9][a-z0-9._-]*$/, expected: "the name of a label" };

const choice = text({ pattern: SELECTOR_PATTERN, expected: 'a device like "pi-*", "!pi-lab" or "label=value"' });

const name = text({ pattern: /^!?[A-Za-z0-9._*-]+$/, expected: 'the name of a device like "pi-*", or "!pi-lab"' });

const ARCHITECTURES: Record<string, Architecture> = {
  arm64: "arm64",
  aarch64: "arm64",
  x86_64: "x86_64",
  amd64: "x86_64",
};

/** An architecture by the names of uname(1), Docker and Go. */
export const architecture: Schema<Architecture> = {
  expected: '"arm64" or "x86_64"',
  jsonSchema: { enum: Object.keys(ARCHITECTURES) },
  read(value, scope) {
    const known = typeof value === "string" && Object.hasOwn(ARCHITECTURES, value) ? ARCHITECTURES[value] : undefined;
    return known ?? scope.mismatch(value, '"arm64" or "x86_64"');
  },
};

export const ON_FIELDS = fields({
  names: field(oneOrMore(name, "a string or an array of strings"), [], {
    defaultText: "any",
    doc: "Names with *, and !name for not",
    example: 'names = ["pi-*", "!pi-lab"]',
  }),
  labels: field(mapOf(oneOrMore(text(), "a string or an array of strings"), LABEL), {}, {
    defaultText: "any",
    doc: "Each must have one of its values; * is a glob",
    example: 'labels = { room = ["kitchen", "hall"] }',
  }),
  arch: field(oneOrMore(architecture, 'one of "arm64" and "x86_64", or an array of both'), [], {
    defaultText: "any",
    doc: "Of its processor",
    example: 'arch = "arm64"',
  }),
  memory: field(size, null, {
    defaultText: "any",
    doc: "At least this much; a board keeps some for itself, so ask for less than it is sold with",
    example: 'memory = "400Mi"',
  }),
  docker: field(flag, null, {
    defaultText: "either",
    doc: "Whether it has Docker",
    example: "docker = true",
  }),
});

const CHOICES = list(choice, "a string, an array of strings or a table");
const ENTRIES = oneOrMore(choice, CHOICES.expected);
const TABLE = tableOf(ON_FIELDS);

export const on: Schema<DeviceSelector> = {
  expected: CHOICES.expected,
  jsonSchema: { anyOf: [choice.jsonSchema, CHOICES.jsonSchema, TABLE.jsonSchema] },
  read(value, scope) {
    if (!isTable(value)) {
      const any = ENTRIES.read(value, scope);
      return any === undefined ? undefined : { ...EVERY_DEVICE, any: present(any) };
    }
    const read = TABLE.read(value, scope);
    if (read === undefined) return undefined;
    const { names, labels, arch, memory, docker } = withDefaults(ON_FIELDS, read);
    return {
      any: present(names),
      labels: Object.fromEntries(Object.entries(labels).map(([label, values]) => [label, present(values)])),
      arch: present(arch),
      memoryBytes: memory,
      docker,
    };
  },
};
