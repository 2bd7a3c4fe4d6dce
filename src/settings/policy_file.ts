/** A policy by itself, for a machine that is no device: a config.toml, or a file with the keys of [policy] alone. */
import { parseDocument, withPositions } from "../schema/toml_document.ts";
import { readFields } from "../schema/schema.ts";
import { type Diagnostic, DiagnosticScope, isTable, type Table } from "../schema/diagnostic.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { Problem } from "../model/problem.ts";
import { readError } from "./secret_setting.ts";
import { GENERAL } from "./section/general.ts";
import { POLICY, policyOf } from "./section/policy.ts";
import { SECTIONS } from "./sections.ts";

/** What else a config.toml says is not looked at: it may name files that are on the device alone. */
export async function readPolicyFile(file: string): Promise<{ policy: Policy } | { problems: Problem[] }> {
  const text = await Deno.readTextFile(file).catch((error) =>
    error instanceof Error ? error : new Error(String(error))
  );
  if (typeof text !== "string") {
    return { problems: [{ file, field: "", message: `can not be read: ${readError(text)}` }] };
  }
  const document = parseDocument(file, text);
  if ("problem" in document) return { problems: [document.problem] };
  const { table } = document;
  const found: Diagnostic[] = [];
  const isWhole = SECTIONS.some(({ name }) => name !== "" && isTable(table[name]));
  const scope = isWhole ? new DiagnosticScope(found).at(POLICY.name) : new DiagnosticScope(found);
  const given = isWhole ? table[POLICY.name] ?? {} : table;
  const read = readFields(POLICY.fields, isTable(given) ? given : {}, { scope });
  if (found.length > 0) return { problems: withPositions(file, text, found) };
  return { policy: policyOf(read, ownParts(isWhole ? table : {})) };
}

/** What can be known of a device elsewhere. */
function ownParts({ listen_port, data_dir }: Table): Policy["own"] {
  const fallback = GENERAL.fields.find(({ name }) => name === "listen_port")!.fallback as number;
  const port = typeof listen_port === "number" ? listen_port : fallback;
  const path = typeof data_dir === "string" && data_dir.startsWith("/") ? [data_dir] : [];
  return { ports: port === 0 ? [] : [port], paths: path };
}
