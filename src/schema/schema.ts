/** [pure] What a value may be: reads it, says what it wants, and gives its JSON Schema. */
import { suggest } from "./suggest.ts";
import { type DiagnosticScope, isTable, quote, type Table } from "./diagnostic.ts";

export interface Schema<T> {
  /** After "wanted": "a string", "true or false". */
  expected: string;
  jsonSchema: Record<string, unknown>;
  /** The value, or undefined after the place was told what is wrong. */
  read(value: unknown, scope: DiagnosticScope): T | undefined;
}

/** A row of a table of fields. */
export interface Field {
  name: string;
  schema: Schema<unknown>;
  /** Taken when the field is not there. */
  fallback: unknown;
  /** The default as a person would write it, for the reference; empty when there is none. */
  defaultText: string;
  required?: boolean;
  doc: string;
  example: string;
}

export interface FieldDetail {
  defaultText?: string;
  required?: boolean;
  doc: string;
  example: string;
}

export function field(name: string, schema: Schema<unknown>, fallback: unknown, detail: FieldDetail): Field {
  return { name, schema, fallback, defaultText: detail.defaultText ?? "", ...detail };
}

export function text(options: { pattern?: RegExp; expected?: string; empty?: boolean } = {}): Schema<string> {
  const expected = options.expected ?? "a string";
  return {
    expected,
    jsonSchema: {
      type: "string",
      ...(options.empty === true ? {} : { minLength: 1 }),
      ...(options.pattern === undefined ? {} : { pattern: options.pattern.source }),
    },
    read(value, scope) {
      const fits = typeof value === "string" && (options.pattern?.test(value) ?? true) &&
        (options.empty === true || value !== "");
      return fits ? value as string : scope.error(`is ${quote(value)}, wanted ${expected}`);
    },
  };
}

export const flag: Schema<boolean> = {
  expected: "true or false",
  jsonSchema: { type: "boolean" },
  read: (value, scope) => typeof value === "boolean" ? value : scope.error(`is ${quote(value)}, wanted true or false`),
};

export function number(options: { min: number; max: number; whole?: boolean }): Schema<number> {
  const { min, max, whole = true } = options;
  const expected = `a ${whole ? "whole " : ""}number from ${min} to ${max}`;
  return {
    expected,
    jsonSchema: { type: whole ? "integer" : "number", minimum: min, maximum: max },
    read(value, scope) {
      const given = typeof value === "bigint" ? Number(value) : value;
      const fits = typeof given === "number" && given >= min && given <= max && (!whole || Number.isInteger(given));
      return fits ? given as number : scope.error(`is ${quote(value)}, wanted ${expected}`);
    },
  };
}

export function oneOf<T extends string>(...words: T[]): Schema<T> {
  const expected = words.map((word) => `"${word}"`).join(", ").replace(/, ([^,]*)$/, " or $1");
  return {
    expected,
    jsonSchema: { enum: words },
    read(value, scope) {
      if (words.includes(value as T)) return value as T;
      const close = typeof value === "string" ? suggest(value, words) : null;
      return scope.error(
        `is ${quote(value)}, wanted ${expected}`,
        close === null ? undefined : `did you mean "${close}"?`,
      );
    },
  };
}

export function list<T>(item: Schema<T>, expected: string): Schema<T[]> {
  return {
    expected,
    jsonSchema: { type: "array", items: item.jsonSchema },
    read(value, scope) {
      if (!Array.isArray(value)) return scope.error(`is ${quote(value)}, wanted ${expected}`);
      // A wrong item leaves a hole: what does not fit to the others is found in the same run, at its own place.
      return value.map((one, index) => item.read(one, scope.at(index))) as T[];
    },
  };
}

/** One, or an array of them. */
export function oneOrMore<T>(item: Schema<T>, expected: string): Schema<T[]> {
  const many = list(item, expected);
  return {
    expected,
    jsonSchema: { anyOf: [item.jsonSchema, many.jsonSchema] },
    read(value, scope) {
      if (Array.isArray(value)) return many.read(value, scope);
      const one = item.read(value, scope);
      return one === undefined ? undefined : [one];
    },
  };
}

/** Names of the author's own choice, each with a value. */
export function mapOf<T>(value: Schema<T>, key: { pattern: RegExp; expected: string }): Schema<Record<string, T>> {
  const expected = `a table of ${value.expected}`;
  return {
    expected,
    jsonSchema: {
      type: "object",
      propertyNames: { pattern: key.pattern.source },
      additionalProperties: value.jsonSchema,
    },
    read(given, scope) {
      if (!isTable(given)) return scope.error(`is ${quote(given)}, wanted ${expected}`);
      const read: Record<string, T> = Object.create(null);
      for (const [name, one] of Object.entries(given)) {
        if (!key.pattern.test(name)) scope.at(name).keyError(`the name ${quote(name)} is not ${key.expected}`);
        const value_ = value.read(one, scope.at(name));
        if (value_ !== undefined) read[name] = value_;
      }
      return { ...read };
    },
  };
}

/** A table with the fields of `fields` and no others. */
export function tableOf(fields: readonly Field[], expected = "a table"): Schema<Table> {
  return {
    expected,
    jsonSchema: tableSchema(fields),
    read: (value, scope) =>
      isTable(value) ? readFields(fields, value, { scope }) : scope.error(`is ${quote(value)}, wanted ${expected}`),
  };
}

export function tableSchema(fields: readonly Field[]): Record<string, unknown> {
  const properties = Object.fromEntries(
    fields.map((field) => [field.name, { ...field.schema.jsonSchema, description: field.doc, ...shownDefault(field) }]),
  );
  const required = fields.filter((field) => field.required === true).map((field) => field.name);
  return { type: "object", properties, additionalProperties: false, ...(required.length === 0 ? {} : { required }) };
}

/** Defaults that are no value, like "the file's name", are for people alone. */
function shownDefault({ defaultText }: Field): { default?: unknown } {
  return /^("[^"]*"|\d+|true|false)$/.test(defaultText) ? { default: JSON.parse(defaultText) } : {};
}

export interface ReadOptions {
  scope: DiagnosticScope;
  /** Said of a name that is no field, before a guess is made; null for nothing to say. */
  explain?: (name: string) => { message?: string; hint?: string } | null;
  ignore?: (name: string) => boolean;
}

/** A hint of more names is not read. */
const LISTED = 16;

/** Every field of the table with its value or its default; undefined where the value was wrong. */
export function readFields(fields: readonly Field[], table: Table, options: ReadOptions): Table {
  const { scope, explain = () => null, ignore = () => false } = options;
  const names = fields.map((field) => field.name);
  for (const name of Object.keys(table)) {
    if (names.includes(name) || ignore(name)) continue;
    if (scope.isFull) break;
    const said = explain(name);
    const close = suggest(name, names);
    const all = names.length > LISTED
      ? '"harbornode schema reference" lists the fields'
      : `the fields are ${names.join(", ")}`;
    const hint = said?.hint ?? (close === null ? all : `did you mean "${close}"?`);
    scope.at(name).keyError(said?.message ?? `there is no field named ${quote(name)}`, hint);
  }
  const read: Table = {};
  for (const field of fields) {
    const there = Object.hasOwn(table, field.name);
    if (!there && field.required === true) {
      scope.error(`the field "${field.name}" is missing`, `write ${field.example}`);
    }
    read[field.name] = there ? field.schema.read(table[field.name], scope.at(field.name)) : field.fallback;
  }
  return read;
}
