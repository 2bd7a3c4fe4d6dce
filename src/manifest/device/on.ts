/** [pure] `on`: which devices a workload is for. */
import { type Field, field, flag, type Grammar, mapOf, oneOrMore, tableOf, text } from "../grammar.ts";
import { isTable, quote } from "../place.ts";
import { type Architecture, CHOICE_PATTERN, EVERY_DEVICE, type Selection } from "./select.ts";
import { size } from "../field/quantity.ts";

const LABEL = { pattern: /^[a-z0-9][a-z0-9._-]*$/, wants: "the name of a label" };

const choice = text({ pattern: CHOICE_PATTERN, wants: 'a device like "pi-*", "!pi-lab" or "label=value"' });

const name = text({ pattern: /^!?[A-Za-z0-9._*-]+$/, wants: 'the name of a device like "pi-*", or "!pi-lab"' });

const ARCHITECTURES: Record<string, Architecture> = {
  arm64: "arm64",
  aarch64: "arm64",
  x86_64: "x86_64",
  amd64: "x86_64",
};

/** By the names that uname(1), Docker and Go have for it. */
export const architecture: Grammar<Architecture> = {
  wants: '"arm64" or "x86_64"',
  schema: { enum: Object.keys(ARCHITECTURES) },
  read(value, place) {
    const known = typeof value === "string" && Object.hasOwn(ARCHITECTURES, value) ? ARCHITECTURES[value] : undefined;
    return known ?? place.report(`is ${quote(value)}, wanted "arm64" or "x86_64"`);
  },
};

export const ON_FIELDS: Field[] = [
  field("names", oneOrMore(name, "a string or an array of strings"), [], {
    shown: "any",
    doc: "Names with *, and !name for not",
    example: 'names = ["pi-*", "!pi-lab"]',
  }),
  field("labels", mapOf(oneOrMore(text(), "a string or an array of strings"), LABEL), {}, {
    shown: "any",
    doc: "Each must have one of its values; * is a glob",
    example: 'labels = { room = ["kitchen", "hall"] }',
  }),
  field("arch", oneOrMore(architecture, 'one of "arm64" and "x86_64", or an array of both'), [], {
    shown: "any",
    doc: "Of its processor",
    example: 'arch = "arm64"',
  }),
  field("memory", size, null, {
    shown: "any",
    doc: "At least this much; a board keeps some for itself, so ask for less than it is sold with",
    example: 'memory = "400Mi"',
  }),
  field("docker", flag, null, {
    shown: "either",
    doc: "Whether it has Docker",
    example: "docker = true",
  }),
];

const ENTRIES = oneOrMore(choice, "a string, an array of strings or a table");
const TABLE = tableOf(ON_FIELDS);

export const on: Grammar<Selection> = {
  wants: "a string, an array of strings or a table",
  schema: { anyOf: [...ENTRIES.schema.anyOf as unknown[], TABLE.schema] },
  read(value, place) {
    if (!isTable(value)) {
      const any = ENTRIES.read(value, place);
      return any === undefined ? undefined : { ...EVERY_DEVICE, any: any.filter((one) => one !== undefined) };
    }
    const read = TABLE.read(value, place);
    if (read === undefined) return undefined;
    return {
      any: there<string>(read.names),
      labels: read.labels as Selection["labels"] ?? {},
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
