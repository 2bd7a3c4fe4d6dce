/** As much of JSON Schema 2020-12 as the schemas of manifests use; a keyword that is not known here is an error. */

type Schema = Record<string, unknown>;

const SAYS_NOTHING = new Set(["$schema", "title", "description", "default"]);

/** Paths of what does not fit; empty when all does. */
export function misfits(schema: Schema, value: unknown, path = "$"): string[] {
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    if (SAYS_NOTHING.has(keyword)) return [];
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`the keyword "${keyword}" is not known`);
    return check({ rule, schema, value, path });
  });
}

interface Given {
  // deno-lint-ignore no-explicit-any -- a rule's shape depends on its keyword
  rule: any;
  schema: Schema;
  value: unknown;
  path: string;
}

const isObject = (value: unknown): value is Schema => {
  return value !== null && typeof value === "object" && !Array.isArray(value);
};

const unless = (fits: boolean, { path }: Given) => fits ? [] : [path];

const CHECKS: Record<string, (given: Given) => string[]> = {
  type: (given) => unless([given.rule].flat().some((one: string) => isOf(one, given.value)), given),
  enum: (given) => unless(given.rule.includes(given.value), given),
  pattern: (given) => unless(typeof given.value !== "string" || new RegExp(given.rule, "u").test(given.value), given),
  minLength: (given) => unless(typeof given.value !== "string" || given.value.length >= given.rule, given),
  minimum: (given) => unless(typeof given.value !== "number" || given.value >= given.rule, given),
  maximum: (given) => unless(typeof given.value !== "number" || given.value <= given.rule, given),
  minItems: (given) => unless(!Array.isArray(given.value) || given.value.length >= given.rule, given),
  anyOf: (given) => unless(given.rule.some((schema: Schema) => misfits(schema, given.value).length === 0), given),
  required: ({ rule, value, path }) =>
    isObject(value)
      ? rule.filter((name: string) => !Object.hasOwn(value, name)).map((name: string) => `${path}.${name}`)
      : [],
  items: ({ rule, value, path }) =>
    Array.isArray(value) ? value.flatMap((one, index) => misfits(rule, one, `${path}[${index}]`)) : [],
  propertyNames: ({ rule, value, path }) =>
    isObject(value) ? Object.keys(value).flatMap((name) => misfits(rule, name, `${path}.${name}`)) : [],
  properties: ({ rule, value, path }) =>
    isObject(value)
      ? Object.keys(value).filter((name) => Object.hasOwn(rule, name)).flatMap((name) =>
        misfits(rule[name], value[name], `${path}.${name}`)
      )
      : [],
  patternProperties: () => [],
  additionalProperties: ({ rule, schema, value, path }) => {
    if (!isObject(value)) return [];
    const patterns = Object.keys(schema.patternProperties ?? {}).map((source) => new RegExp(source, "u"));
    const known = Object.keys(schema.properties ?? {});
    const others = Object.keys(value).filter((name) =>
      !known.includes(name) && !patterns.some((pattern) => pattern.test(name))
    );
    return others.flatMap((name) =>
      rule === false ? [`${path}.${name}`] : misfits(rule, value[name], `${path}.${name}`)
    );
  },
};

function isOf(type: string, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value) || typeof value === "bigint";
  if (type === "number") return typeof value === "number" || typeof value === "bigint";
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isObject(value) : [type].includes(typeof value);
}
