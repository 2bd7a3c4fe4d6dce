/** Locates the daemon: its data_dir is the only setting that most commands need. */
import { dirname, join, resolve } from "node:path";
import type { Problem } from "../model/problem.ts";
import { type Diagnostic, DiagnosticScope } from "../schema/diagnostic.ts";
import { readFields } from "../schema/field_table.ts";
import { parseDocument, withPositions } from "../schema/toml_document.ts";
import { variableOf } from "./environment_overrides.ts";
import { type LoadOptions, loadSettings } from "./load_config.ts";
import { GENERAL } from "./section/general_section.ts";

const FIELDS = { data_dir: GENERAL.fields.data_dir };

/**
 * Returns `data_dir`, also when other settings are wrong: a daemon keeps running with its previous settings, and users who
 * may talk to it need not be able to read its tokens.
 */
export async function locateDaemon(options: LoadOptions): Promise<{ dataDir: string } | { problems: Problem[] }> {
  const { env, cwd } = options;
  const name = options.file ?? "config.toml";
  const path = resolve(cwd, name);
  const base = dirname(path);
  const variable = env[variableOf("", "data_dir")];
  if (variable !== undefined) return { dataDir: resolve(base, variable) };
  const usual = FIELDS.data_dir.default;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    // A user who may not read the settings may still talk to a daemon whose directory is in the usual place.
    const dataDir = join(base, usual);
    const exists = await Deno.lstat(join(dataDir, "harbornode.sock")).then(() => true, () => false);
    if (error instanceof Deno.errors.PermissionDenied && exists) return { dataDir };
    return await fromSettings(options);
  }
  const document = parseDocument(name, text);
  if ("problem" in document) return { problems: [document.problem] };
  const diagnostics: Diagnostic[] = [];
  const read = readFields(FIELDS, document.table, {
    scope: new DiagnosticScope(diagnostics),
    ignore: (key) => key !== "data_dir",
  });
  if (diagnostics.length > 0) return { problems: withPositions(name, text, diagnostics) };
  return { dataDir: resolve(base, read.data_dir ?? usual) };
}

async function fromSettings(options: LoadOptions): Promise<{ dataDir: string } | { problems: Problem[] }> {
  const loaded = await loadSettings(options);
  return "settings" in loaded ? { dataDir: loaded.settings.dataDir } : loaded;
}
