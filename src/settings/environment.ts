/** Settings from the environment: each has a variable, HARBORNODE_<SECTION>_<KEY>, that wins over config.toml. */
import { type Diagnostic, type DiagnosticScope, fieldText, type Table } from "../schema/diagnostic.ts";
import { suggest } from "../schema/suggest.ts";
import type { Problem } from "../model/problem.ts";
import { SECTIONS } from "./sections.ts";

/** Variables that begin like settings and are none. */
const OTHERS = /^HARBORNODE_(TEST_.*|BASE_URL|VERSION|CONFIG|EXECUTABLE|WORKLOAD|SLOT|INSTANCE)$/;

/** "HARBORNODE_REPO_URL" */
export function variableOf(section: string, key: string): string {
  return ["HARBORNODE", section, key].filter((part) => part !== "").join("_").toUpperCase();
}

/**
 * Puts what the environment says into `values` (by section, then by key), and returns the variables that are settings,
 * those with a wrong value among them. Problems are reported at the variable's name.
 */
export function overrideFromEnvironment(
  values: Record<string, Table>,
  { env, scope }: { env: Record<string, string>; scope: DiagnosticScope },
): ReadonlySet<string> {
  const known = new Map(
    SECTIONS.flatMap(({ name, fields }) =>
      fields.map((field) => [variableOf(name, field.name), { section: name, field }] as const)
    ),
  );
  const used = new Set<string>();
  for (const [variable, text] of Object.entries(env).filter(([name]) => name.startsWith("HARBORNODE_"))) {
    const setting = known.get(variable);
    if (setting === undefined) {
      if (OTHERS.test(variable)) continue;
      const close = suggest(variable, [...known.keys()]);
      const hint = close === null ? "unset it" : `did you mean "${close}"?`;
      scope.at(variable).error("there is no setting of this name", hint);
      continue;
    }
    used.add(variable);
    const { section, field } = setting;
    const value = field.schema.read(fromText(text, field.schema.jsonSchema), scope.at(variable));
    if (value !== undefined) values[section]![field.name] = value;
  }
  return used;
}

/** Of the environment, which has no lines. */
export function environmentProblems(found: readonly Diagnostic[]): Problem[] {
  return found.map(({ path, message, hint }) => ({
    file: "environment",
    field: fieldText(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
}

/** The environment has text alone: numbers, true and false, "a,b" and "a=b,c=d" are told by what is wanted. */
function fromText(text: string, jsonSchema: Record<string, unknown>): unknown {
  if (jsonSchema.type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  if (jsonSchema.type === "boolean" && /^(true|false)$/.test(text)) return text === "true";
  if (jsonSchema.type !== "array" && jsonSchema.type !== "object") return text;
  const items = text.split(",").map((item) => item.trim()).filter((item) => item !== "");
  if (jsonSchema.type === "array") return items;
  return Object.fromEntries(items.map((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  }));
}
