/** [pure] Schemas: what a value may be, how it is read, and its JSON Schema. Tables of fields are in `field_table.ts`. */
import type { DiagnosticScope } from "./diagnostic.ts";
import { suggest } from "./suggest.ts";
import { isTable, quote } from "./toml_value.ts";

export interface Schema<T> {
  /** Noun phrase that follows "wanted" in a message: "a string", "true or false". */
  expected: string;
  jsonSchema: Record<string, unknown>;
  /** Returns the value, or undefined after it reported to `scope` what is wrong. */
  read(value: unknown, scope: DiagnosticScope): T | undefined;
}

/** A string; not empty unless `empty` is set. */
export function text(options: { pattern?: RegExp; expected?: string; empty?: boolean } = {}): Schema<string> {
  const { pattern, expected = "a string", empty = false } = options;
  return {
    expected,
    jsonSchema: {
      type: "string",
      ...(empty ? {} : { minLength: 1 }),
      ...(pattern === undefined ? {} : { pattern: pattern.source }),
    },
    read(value, scope) {
      const fits = typeof value === "string" && (pattern?.test(value) ?? true) && (empty || value !== "");
      return fits ? value : scope.mismatch(value, expected);
    },
  };
}

export const flag: Schema<boolean> = {
  expected: "true or false",
  jsonSchema: { type: "boolean" },
  read: (value, scope) => typeof value === "boolean" ? value : scope.mismatch(value, "true or false"),
};

/** A number from `min` to `max`, both included; an integer unless `whole` is false. */
export function number(options: { min: number; max: number; whole?: boolean }): Schema<number> {
  const { min, max, whole = true } = options;
  const expected = `a ${whole ? "whole " : ""}number from ${min} to ${max}`;
  return {
    expected,
    jsonSchema: { type: whole ? "integer" : "number", minimum: min, maximum: max },
    read(value, scope) {
      const given = typeof value === "bigint" ? Number(value) : value;
      const fits = typeof given === "number" && given >= min && given <= max && (!whole || Number.isInteger(given));
      return fits ? given : scope.mismatch(value, expected);
    },
  };
}

/** One of some strings; a misspelled one gets a suggestion. */
export function oneOf<const T extends string>(...choices: readonly T[]): Schema<T> {
  const expected = choices.map((choice) => `"${choice}"`).join(", ").replace(/, ([^,]*)$/, " or $1");
  return {
    expected,
    jsonSchema: { enum: choices },
    read(value, scope) {
      const choice = choices.find((one) => one === value);
      if (choice !== undefined) return choice;
      const close = typeof value === "string" ? suggest(value, choices) : null;
      return scope.mismatch(value, expected, close === null ? undefined : `did you mean "${close}"?`);
    },
  };
}

/** An array. A wrong item leaves a hole (undefined), so that one run also finds what does not fit among the others. */
export function list<T>(item: Schema<T>, expected: string): Schema<(T | undefined)[]> {
  return {
    expected,
    jsonSchema: { type: "array", items: item.jsonSchema },
    read(value, scope) {
      if (!Array.isArray(value)) return scope.mismatch(value, expected);
      return value.map((given, index) => item.read(given, scope.at(index)));
    },
  };
}

/** Returns the items of a list without its holes; none for a list that was wrong as a whole. */
export function present<T>(items: readonly (T | undefined)[] | undefined): T[] {
  return (items ?? []).filter((item) => item !== undefined);
}

/** One value, or an array of them; holes as in `list`. */
export function oneOrMore<T>(item: Schema<T>, expected: string): Schema<(T | undefined)[]> {
  const many = list(item, expected);
  return {
    expected,
    jsonSchema: { anyOf: [item.jsonSchema, many.jsonSchema] },
    read(value, scope) {
      if (Array.isArray(value)) return many.read(value, scope);
      const single = item.read(value, scope);
      return single === undefined ? undefined : [single];
    },
  };
}

/** A table with keys of the author's choice, each with a value of one schema. Wrong values are left out. */
export function mapOf<T>(item: Schema<T>, key: { pattern: RegExp; expected: string }): Schema<Record<string, T>> {
  const expected = `a table of ${item.expected}`;
  return {
    expected,
    jsonSchema: {
      type: "object",
      propertyNames: { pattern: key.pattern.source },
      additionalProperties: item.jsonSchema,
    },
    read(value, scope) {
      if (!isTable(value)) return scope.mismatch(value, expected);
      // Without a prototype: "__proto__" is a key like any other.
      const read: Record<string, T> = Object.create(null);
      for (const [name, given] of Object.entries(value)) {
        if (!key.pattern.test(name)) {
          scope.at(name).keyError(`the name ${quote(name)} is not ${key.expected}`);
        }
        const own = item.read(given, scope.at(name));
        if (own !== undefined) read[name] = own;
      }
      return { ...read };
    },
  };
}
