/** Reads a policy on a machine that is no device: from a config.toml, or a file with the keys of [policy] only. */
import type { Policy } from "../model/policy/policy.ts";
import type { Problem } from "../model/problem.ts";
import { type Diagnostic, DiagnosticScope } from "../schema/diagnostic.ts";
import { readFields, withDefaults } from "../schema/field_table.ts";
import { parseDocument, withPositions } from "../schema/toml_document.ts";
import { isTable, type Table } from "../schema/toml_value.ts";
import { readError } from "./secret_setting.ts";
import { GENERAL } from "./section/general_section.ts";
import { POLICY, policyOf } from "./section/policy_section.ts";
import { SECTIONS } from "./sections.ts";

/** Ignores all other settings of a config.toml: they may name files that only the device has. */
export async function readPolicyFile(file: string): Promise<{ policy: Policy } | { problems: Problem[] }> {
  const text = await Deno.readTextFile(file).catch((error) =>
    error instanceof Error ? error : new Error(String(error))
  );
  if (typeof text !== "string") {
    return { problems: [{ file, field: "", message: `cannot be read: ${readError(text)}` }] };
  }
  const document = parseDocument(file, text);
  if ("problem" in document) return { problems: [document.problem] };
  const { table } = document;
  const diagnostics: Diagnostic[] = [];
  const isWhole = SECTIONS.some(({ name }) => name !== "" && isTable(table[name]));
  const top = new DiagnosticScope(diagnostics);
  const given = isWhole ? table[POLICY.name] ?? {} : table;
  const read = readFields(POLICY.fields, isTable(given) ? given : {}, { scope: isWhole ? top.at(POLICY.name) : top });
  if (diagnostics.length > 0) return { problems: withPositions(file, text, diagnostics) };
  return { policy: policyOf(withDefaults(POLICY.fields, read), ownParts(isWhole ? table : {})) };
}

/** Returns the ports and paths of HarborNode itself, as far as they are known away from the device. */
function ownParts({ listen_port, data_dir }: Table): Policy["own"] {
  const port = typeof listen_port === "number" ? listen_port : GENERAL.fields.listen_port.default;
  const paths = typeof data_dir === "string" && data_dir.startsWith("/") ? [data_dir] : [];
  return { ports: port === 0 ? [] : [port], paths };
}
