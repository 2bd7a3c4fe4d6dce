/** [pure] `on`: the devices that a workload is for. */
import { type Field, field, flag, mapOf, oneOrMore, type Schema, tableOf, text } from "../../schema/schema.ts";
import { isTable, quote } from "../../schema/diagnostic.ts";
import { size } from "../../schema/quantity.ts";

/** Of a device, by the names that artifacts use. */
export type Architecture = "arm64" | "x86_64";

export interface Target {
  device: string;
  labels: Record<string, string>;
  /** Left out where no device is at hand: then a download for any architecture will do. */
  arch?: Architecture;
  /** All of it, as the kernel counts it. Left out where it is not known: then it is enough. */
  memoryBytes?: number;
  /** Whether it has Docker, running or not. Left out where it is not known: then it has. */
  docker?: boolean;
}

/** All of it must hold. */
export interface DeviceSelector {
  /** Names with "*", "label=value", and either with "!" in front: none of those may fit, and one of the others must. */
  any: readonly string[];
  /** By label, values with "*" of which one must fit. */
  labels: Readonly<Record<string, readonly string[]>>;
  /** One of these; empty for any. */
  arch: readonly Architecture[];
  /** At least this much; null for any. */
  memoryBytes: number | null;
  /** Null for either. */
  docker: boolean | null;
}

export const EVERY_DEVICE: DeviceSelector = { any: [], labels: {}, arch: [], memoryBytes: null, docker: null };

/** What an entry of `on` may be: a name with "*", or "label=value"; either with "!" in front. */
export const SELECTOR_PATTERN = /^!?(?:[A-Za-z0-9._*-]+|[a-z0-9][a-z0-9._-]*=.+)$/;

export function isSelected({ any, labels, arch, memoryBytes, docker }: DeviceSelector, target: Target): boolean {
  return isOneOf(any, target) &&
    Object.entries(labels).every(([label, values]) => values.some((value) => matches(`${label}=${value}`, target))) &&
    (arch.length === 0 || target.arch === undefined || arch.includes(target.arch)) &&
    (memoryBytes === null || target.memoryBytes === undefined || target.memoryBytes >= memoryBytes) &&
    (docker === null || target.docker === undefined || docker === target.docker);
}

function isOneOf(any: readonly string[], target: Target): boolean {
  const not = any.filter((entry) => entry.startsWith("!")).map((entry) => entry.slice(1));
  const yes = any.filter((entry) => !entry.startsWith("!"));
  if (not.some((entry) => matches(entry, target))) return false;
  return yes.length === 0 || yes.some((entry) => matches(entry, target));
}

/** An entry without "!": a name, or "label=value". */
export function matches(entry: string, { device, labels }: Target): boolean {
  const at = entry.indexOf("=");
  if (at < 0) return fitsGlob(entry, device);
  const label = entry.slice(0, at);
  return Object.hasOwn(labels, label) && fitsGlob(entry.slice(at + 1), labels[label]!);
}

/** By the pieces between the stars, each at its first place: a regular expression with many stars takes years. */
function fitsGlob(pattern: string, text: string): boolean {
  const [first, ...pieces] = pattern.split("*") as [string, ...string[]];
  const last = pieces.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
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

/** By the names that uname(1), Docker and Go have for it. */
export const architecture: Schema<Architecture> = {
  expected: '"arm64" or "x86_64"',
  jsonSchema: { enum: Object.keys(ARCHITECTURES) },
  read(value, scope) {
    const known = typeof value === "string" && Object.hasOwn(ARCHITECTURES, value) ? ARCHITECTURES[value] : undefined;
    return known ?? scope.error(`is ${quote(value)}, wanted "arm64" or "x86_64"`);
  },
};

export const ON_FIELDS: Field[] = [
  field("names", oneOrMore(name, "a string or an array of strings"), [], {
    defaultText: "any",
    doc: "Names with *, and !name for not",
    example: 'names = ["pi-*", "!pi-lab"]',
  }),
  field("labels", mapOf(oneOrMore(text(), "a string or an array of strings"), LABEL), {}, {
    defaultText: "any",
    doc: "Each must have one of its values; * is a glob",
    example: 'labels = { room = ["kitchen", "hall"] }',
  }),
  field("arch", oneOrMore(architecture, 'one of "arm64" and "x86_64", or an array of both'), [], {
    defaultText: "any",
    doc: "Of its processor",
    example: 'arch = "arm64"',
  }),
  field("memory", size, null, {
    defaultText: "any",
    doc: "At least this much; a board keeps some for itself, so ask for less than it is sold with",
    example: 'memory = "400Mi"',
  }),
  field("docker", flag, null, {
    defaultText: "either",
    doc: "Whether it has Docker",
    example: "docker = true",
  }),
];

const ENTRIES = oneOrMore(choice, "a string, an array of strings or a table");
const TABLE = tableOf(ON_FIELDS);

export const on: Schema<DeviceSelector> = {
  expected: "a string, an array of strings or a table",
  jsonSchema: { anyOf: [...ENTRIES.jsonSchema.anyOf as unknown[], TABLE.jsonSchema] },
  read(value, scope) {
    if (!isTable(value)) {
      const any = ENTRIES.read(value, scope);
      return any === undefined ? undefined : { ...EVERY_DEVICE, any: any.filter((one) => one !== undefined) };
    }
    const read = TABLE.read(value, scope);
    if (read === undefined) return undefined;
    return {
      any: there<string>(read.names),
      labels: read.labels as DeviceSelector["labels"] ?? {},
      arch: there<Architecture>(read.arch),
      memoryBytes: read.memory as number | null ?? null,
      docker: read.docker as boolean | null ?? null,
    };
  },
};

/** Without the holes of what was wrong. */
function there<T>(list: unknown): T[] {
  return (list as (T | undefined)[] | undefined ?? []).filter((one) => one !== undefined);
}
