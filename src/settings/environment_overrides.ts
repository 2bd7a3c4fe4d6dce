/** Settings from the environment: the variable HARBORNODE_<SECTION>_<KEY> of a setting overrides config.toml. */
import type { Problem } from "../model/problem.ts";
import { type Diagnostic, type DiagnosticScope, pathText } from "../schema/diagnostic.ts";
import { suggest } from "../schema/suggest.ts";
import type { Table } from "../schema/toml_value.ts";
import { SECTIONS } from "./sections.ts";

/** Variables with the prefix of settings that are no settings. */
const OTHERS = /^HARBORNODE_(TEST_.*|BASE_URL|VERSION|CONFIG|EXECUTABLE|WORKLOAD|SLOT|INSTANCE)$/;

/** Returns the variable of a setting: "HARBORNODE_REPO_URL". */
export function variableOf(section: string, key: string): string {
  return ["HARBORNODE", section, key].filter((part) => part !== "").join("_").toUpperCase();
}

/**
 * Overrides `values` (by section, then by key) with the environment. Returns the variables that are settings, also those
 * with a wrong value. Problems are reported at the name of the variable.
 */
export function overrideFromEnvironment(
  values: Record<string, Table>,
  { env, scope }: { env: Record<string, string>; scope: DiagnosticScope },
): ReadonlySet<string> {
  const known = new Map(
    SECTIONS.flatMap(({ name, fields }) =>
      Object.values(fields).map((field) => [variableOf(name, field.name), { section: name, field }] as const)
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

/** Returns the problems of the environment, which has no lines. */
export function environmentProblems(diagnostics: readonly Diagnostic[]): Problem[] {
  return diagnostics.map(({ path, message, hint }) => ({
    file: "environment",
    field: pathText(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
}

/** Converts text to the type that the setting expects: a number, a boolean, "a,b" or "a=b,c=d". */
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
