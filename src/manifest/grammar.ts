/** [pure] What a value may be: reads it, says what it wants, and gives its JSON Schema. */
import { nearest } from "./nearest.ts";
import { isTable, type Place, quote, type Table } from "./place.ts";

export interface Grammar<T> {
  /** After "wanted": "a string", "true or false". */
  wants: string;
  schema: Record<string, unknown>;
  /** The value, or undefined after the place was told what is wrong. */
  read(value: unknown, place: Place): T | undefined;
}

/** A row of a table of fields. */
export interface Field {
  name: string;
  grammar: Grammar<unknown>;
  /** Taken when the field is not there. */
  fallback: unknown;
  /** The default as a person would write it, for the reference; empty when there is none. */
  shown: string;
  required?: boolean;
  doc: string;
  example: string;
}

export interface FieldDetail {
  shown?: string;
  required?: boolean;
  doc: string;
  example: string;
}

export function field(name: string, grammar: Grammar<unknown>, fallback: unknown, detail: FieldDetail): Field {
  return { name, grammar, fallback, shown: detail.shown ?? "", ...detail };
}

export function text(options: { pattern?: RegExp; wants?: string; empty?: boolean } = {}): Grammar<string> {
  const wants = options.wants ?? "a string";
  return {
    wants,
    schema: {
      type: "string",
      ...(options.empty === true ? {} : { minLength: 1 }),
      ...(options.pattern === undefined ? {} : { pattern: options.pattern.source }),
    },
    read(value, place) {
      const fits = typeof value === "string" && (options.pattern?.test(value) ?? true) &&
        (options.empty === true || value !== "");
      return fits ? value as string : place.report(`is ${quote(value)}, wanted ${wants}`);
    },
  };
}

export const flag: Grammar<boolean> = {
  wants: "true or false",
  schema: { type: "boolean" },
  read: (value, place) => typeof value === "boolean" ? value : place.report(`is ${quote(value)}, wanted true or false`),
};

export function number(options: { min: number; max: number; whole?: boolean }): Grammar<number> {
  const { min, max, whole = true } = options;
  const wants = `a ${whole ? "whole " : ""}number from ${min} to ${max}`;
  return {
    wants,
    schema: { type: whole ? "integer" : "number", minimum: min, maximum: max },
    read(value, place) {
      const given = typeof value === "bigint" ? Number(value) : value;
      const fits = typeof given === "number" && given >= min && given <= max && (!whole || Number.isInteger(given));
      return fits ? given as number : place.report(`is ${quote(value)}, wanted ${wants}`);
    },
  };
}

export function oneOf<T extends string>(...words: T[]): Grammar<T> {
  const wants = words.map((word) => `"${word}"`).join(", ").replace(/, ([^,]*)$/, " or $1");
  return {
    wants,
    schema: { enum: words },
    read(value, place) {
      if (words.includes(value as T)) return value as T;
      const close = typeof value === "string" ? nearest(value, words) : null;
      return place.report(
        `is ${quote(value)}, wanted ${wants}`,
        close === null ? undefined : `did you mean "${close}"?`,
      );
    },
  };
}

export function list<T>(item: Grammar<T>, wants: string): Grammar<T[]> {
  return {
    wants,
    schema: { type: "array", items: item.schema },
    read(value, place) {
      if (!Array.isArray(value)) return place.report(`is ${quote(value)}, wanted ${wants}`);
      // A wrong item leaves a hole: what does not fit to the others is found in the same run, at its own place.
      return value.map((one, index) => item.read(one, place.at(index))) as T[];
    },
  };
}

/** One, or an array of them. */
export function oneOrMore<T>(item: Grammar<T>, wants: string): Grammar<T[]> {
  const many = list(item, wants);
  return {
    wants,
    schema: { anyOf: [item.schema, many.schema] },
    read(value, place) {
      if (Array.isArray(value)) return many.read(value, place);
      const one = item.read(value, place);
      return one === undefined ? undefined : [one];
    },
  };
}

/** Names of the author's own choice, each with a value. */
export function mapOf<T>(value: Grammar<T>, key: { pattern: RegExp; wants: string }): Grammar<Record<string, T>> {
  const wants = `a table of ${value.wants}`;
  return {
    wants,
    schema: { type: "object", propertyNames: { pattern: key.pattern.source }, additionalProperties: value.schema },
    read(given, place) {
      if (!isTable(given)) return place.report(`is ${quote(given)}, wanted ${wants}`);
      const read: Record<string, T> = Object.create(null);
      for (const [name, one] of Object.entries(given)) {
        if (!key.pattern.test(name)) place.at(name).reportKey(`the name ${quote(name)} is not ${key.wants}`);
        const value_ = value.read(one, place.at(name));
        if (value_ !== undefined) read[name] = value_;
      }
      return { ...read };
    },
  };
}

/** A table with the fields of `fields` and no others. */
export function tableOf(fields: readonly Field[], wants = "a table"): Grammar<Table> {
  return {
    wants,
    schema: tableSchema(fields),
    read: (value, place) =>
      isTable(value) ? readFields(fields, value, { place }) : place.report(`is ${quote(value)}, wanted ${wants}`),
  };
}

export function tableSchema(fields: readonly Field[]): Record<string, unknown> {
  const properties = Object.fromEntries(
    fields.map((field) => [field.name, { ...field.grammar.schema, description: field.doc, ...shownDefault(field) }]),
  );
  const required = fields.filter((field) => field.required === true).map((field) => field.name);
  return { type: "object", properties, additionalProperties: false, ...(required.length === 0 ? {} : { required }) };
}

/** Defaults that are no value, like "the file's name", are for people alone. */
function shownDefault({ shown }: Field): { default?: unknown } {
  return /^("[^"]*"|\d+|true|false)$/.test(shown) ? { default: JSON.parse(shown) } : {};
}

export interface ReadOptions {
  place: Place;
  /** Said of a name that is no field, before a guess is made; null for nothing to say. */
  explain?: (name: string) => { message?: string; hint?: string } | null;
  ignore?: (name: string) => boolean;
}

/** A hint of more names is not read. */
const LISTED = 16;

/** Every field of the table with its value or its default; undefined where the value was wrong. */
export function readFields(fields: readonly Field[], table: Table, options: ReadOptions): Table {
  const { place, explain = () => null, ignore = () => false } = options;
  const names = fields.map((field) => field.name);
  for (const name of Object.keys(table)) {
    if (names.includes(name) || ignore(name)) continue;
    if (place.isFull) break;
    const said = explain(name);
    const close = nearest(name, names);
    const all = names.length > LISTED
      ? '"harbornode schema reference" lists the fields'
      : `the fields are ${names.join(", ")}`;
    const hint = said?.hint ?? (close === null ? all : `did you mean "${close}"?`);
    place.at(name).reportKey(said?.message ?? `there is no field named ${quote(name)}`, hint);
  }
  const read: Table = {};
  for (const field of fields) {
    const there = Object.hasOwn(table, field.name);
    if (!there && field.required === true) {
      place.report(`the field "${field.name}" is missing`, `write ${field.example}`);
    }
    read[field.name] = there ? field.grammar.read(table[field.name], place.at(field.name)) : field.fallback;
  }
  return read;
}
