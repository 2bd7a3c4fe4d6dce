/** The reference of config.toml, made from the table of settings that reads it. */
import { isDeepStrictEqual } from "node:util";
import type { Field } from "../../src/schema/field_table.ts";
import { DiagnosticScope } from "../../src/schema/diagnostic.ts";
import { NOTIFY_FIELDS } from "../../src/settings/notify_targets.ts";
import { REGISTRY_FIELDS } from "../../src/settings/registry_settings.ts";
import { SECTIONS } from "../../src/settings/sections.ts";
import { escaped } from "./markdown.ts";

/** What stands in the file above the settings, and what they are about, where that is not plain. */
const HEADS: Record<string, string> = { "": "at the top of the file" };

export function settingsReference(): string {
  return [
    ...SECTIONS.map(({ name, fields }) => section(HEADS[name] ?? `\`[${name}]\``, Object.values(fields))),
    section('`[registry."HOST"]`, one for each registry', Object.values(REGISTRY_FIELDS)),
    section("`[[notify]]`, one for each who is told", Object.values(NOTIFY_FIELDS)),
  ].join("\n\n");
}

function section(title: string, fields: readonly Field[]): string {
  return [`**${title}**`, "", "| setting | default | what it says |", "| --- | --- | --- |", ...fields.map(row)]
    .join("\n");
}

function row(field: Field): string {
  const [, doc = "", told] = /^(.*?)(?:; default: (.*))?$/s.exec(field.doc)!;
  const fallback = told === undefined ? shownDefault(field) : escaped(told);
  const choices = field.schema.jsonSchema.enum === undefined ? "" : `: ${field.schema.expected}`;
  return `| \`${field.name}\` | ${fallback} | ${escaped(doc + choices)} |`;
}

function shownDefault(field: Field): string {
  if (field.required || field.default === undefined) return "required";
  const written = writtenDefault(field);
  return written === null ? "" : `\`${written}\``;
}

/**
 * A default as a person would write it, which is what the setting's own schema reads as the default. Null where leaving
 * it out cannot be written.
 */
export function writtenDefault({ name, default: fallback, schema }: Field): string | null {
  if (fallback === null) return null;
  const scope = new DiagnosticScope([]);
  for (const candidate of candidates(fallback)) {
    if (isDeepStrictEqual(schema.read(candidate, scope), fallback)) {
      return JSON.stringify(candidate).replace(/,/g, ", ");
    }
  }
  throw new Error(`the default of "${name}" cannot be written: ${JSON.stringify(fallback)}`);
}

const UNITS: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
  ["Gi", 1024 ** 3],
  ["Mi", 1024 ** 2],
  ["Ki", 1024],
];

function candidates(fallback: unknown): unknown[] {
  if (typeof fallback === "number") {
    if (fallback === 0) return [0, "0s"];
    const fitting = UNITS.filter(([, size]) => fallback % size === 0);
    return [fallback, ...fitting.map(([unit, size]) => `${fallback / size}${unit}`)];
  }
  if (Array.isArray(fallback)) return [fallback, fallback.map(asRange)];
  return [asRange(fallback), fallback];
}

function asRange(value: unknown): unknown {
  const { from, to } = Object(value) as { from?: number; to?: number };
  return from === undefined || to === undefined ? value : `${from}-${to}`;
}
