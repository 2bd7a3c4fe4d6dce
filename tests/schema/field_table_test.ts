/**
 * Typed tables of fields: what `readFields` returns, and its type. The lines below `@ts-expect-error` are tests too:
 * `deno check tests` fails when one of them compiles.
 */
import assert from "node:assert/strict";
import type { CommonRead } from "../../src/manifest/manifest_fields.ts";
import { MANIFEST_FIELDS } from "../../src/manifest/manifest_fields.ts";
import { type Diagnostic, DiagnosticScope } from "../../src/schema/diagnostic.ts";
import {
  field,
  fields,
  type Infer,
  readFields,
  required,
  tableOf,
  withDefaults,
} from "../../src/schema/field_table.ts";
import { orOff } from "../../src/schema/range.ts";
import { list, number, oneOf, present, text } from "../../src/schema/schema.ts";
import type { Table } from "../../src/schema/toml_value.ts";

const DETAIL = { doc: "A field", example: "" };
const small = number({ min: 0, max: 9 });

const FIELDS = fields({
  name: required(text(), { ...DETAIL, example: 'name = "a"' }),
  color: field(oneOf("red", "green"), "red", DETAIL),
  limit: field(small, null, DETAIL),
  digits: field(list(small, "an array of digits"), [], DETAIL),
  interval: field(orOff(small), 5, DETAIL),
});

function read(table: Table): { values: Infer<typeof FIELDS>; messages: string[] } {
  const diagnostics: Diagnostic[] = [];
  const values = readFields(FIELDS, table, { scope: new DiagnosticScope(diagnostics) });
  return { values, messages: diagnostics.map(({ path, message }) => `${path.join(".")}: ${message}`) };
}

Deno.test("a field that is absent has its default, and one that is required is reported", () => {
  const { values, messages } = read({});
  assert.deepEqual(values, { name: undefined, color: "red", limit: null, digits: [], interval: 5 });
  assert.deepEqual(messages, [': the field "name" is missing']);
});

Deno.test("a wrong value is undefined, and a wrong item leaves a hole", () => {
  const { values, messages } = read({ name: "a", color: "blue", limit: 10, digits: [1, "x", 3] });
  assert.deepEqual(values, { name: "a", color: undefined, limit: undefined, digits: [1, undefined, 3], interval: 5 });
  assert.deepEqual(messages, [
    'color: is "blue", wanted "red" or "green"',
    "limit: is 10, wanted a whole number from 0 to 9",
    'digits.1: is "x", wanted a whole number from 0 to 9',
  ]);
  assert.deepEqual(present(values.digits), [1, 3]);
});

Deno.test("defaults take the place of wrong values, and not of a value that is null", () => {
  const { values } = read({ name: "a", color: 5, interval: "off" });
  assert.deepEqual(withDefaults(FIELDS, values), { name: "a", color: "red", limit: null, digits: [], interval: null });
  assert.equal(withDefaults(FIELDS).interval, 5);
});

Deno.test("a row of two tables is one field, so that the reference shows it once", () => {
  const other = fields({ ...FIELDS, more: field(small, null, DETAIL) });
  assert.equal(other.color, FIELDS.color);
  assert.deepEqual(Object.values(other).map(({ name }) => name), Object.keys(other));
});

Deno.test("the type of a value follows from its row", () => {
  const { values } = read({ name: "a" });
  const color: "red" | "green" | undefined = values.color;
  const digits: (number | undefined)[] | undefined = values.digits;
  // @ts-expect-error a wrong value is undefined
  const wrong: "red" | "green" = values.color;
  // @ts-expect-error a list has holes
  const whole: number[] = values.digits ?? [];
  // @ts-expect-error the default is null
  const limit: number | undefined = values.limit;
  // @ts-expect-error there is no field of this name
  const misspelled = values.colour;
  assert.deepEqual([color, digits, wrong, whole, limit, misspelled], ["red", [], "red", [], null, undefined]);

  const complete = withDefaults(FIELDS, values);
  const sure: "red" | "green" = complete.color;
  // @ts-expect-error a required field may be missing
  const name: string = complete.name;
  assert.deepEqual([sure, name], ["red", "a"]);
});

Deno.test("a row has a default of its own type, or none", () => {
  // @ts-expect-error a string is no number
  field(small, "5", DETAIL);
  // @ts-expect-error not one of the choices
  field(oneOf("red", "green"), "blue", DETAIL);
  const inner = tableOf(FIELDS);
  const outer = fields({ inner: field(inner, null, DETAIL) });
  const nested = (values: Infer<typeof outer>): number | null | undefined => values.inner?.limit;
  assert.equal(nested({ inner: null }), undefined);
});

Deno.test("a misspelled field of a manifest is a type error", () => {
  const timeout = (common: CommonRead): number | undefined => common.stop_timeout;
  // @ts-expect-error stop_timeout
  const misspelled = (common: CommonRead) => common.stop_timeotu;
  const service = readFields(MANIFEST_FIELDS.service, { command: ["x"] }, { scope: new DiagnosticScope([]) });
  const command: string[] | undefined = service.command;
  // @ts-expect-error a field of deployments
  const image = service.image;
  assert.deepEqual([timeout(service), misspelled(service), command, image], [10_000, undefined, ["x"], undefined]);
});
