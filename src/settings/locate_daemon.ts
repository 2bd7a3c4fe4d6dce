/** Where the daemon can be reached: all that most commands need of the settings. */
import { dirname, join, resolve } from "node:path";
import { parseDocument, withPositions } from "../schema/toml_document.ts";
import { readFields } from "../schema/schema.ts";
import { type Diagnostic, DiagnosticScope } from "../schema/diagnostic.ts";
import type { Problem } from "../model/problem.ts";
import { type LoadOptions, loadSettings } from "./load.ts";
import { GENERAL, generalOf } from "./section/general.ts";
import { variableOf } from "./environment.ts";

const FIELD = GENERAL.fields.filter((field) => field.name === "data_dir");

/**
 * `data_dir`, from settings that may be wrong otherwise: a daemon goes on with those before, and whoever may talk to it
 * need not be able to read its tokens.
 */
export async function locateDaemon(options: LoadOptions): Promise<{ dataDir: string } | { problems: Problem[] }> {
  const { env, cwd } = options;
  const shown = options.file ?? "config.toml";
  const path = resolve(cwd, shown);
  const base = dirname(path);
  const set = env[variableOf("", "data_dir")];
  if (set !== undefined) return { dataDir: resolve(base, set) };
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    // Who may not read the settings may talk to the daemon all the same, where it has its folder in the usual place.
    const usual = join(base, String(FIELD[0]!.fallback));
    const isThere = await Deno.lstat(join(usual, "harbornode.sock")).then(() => true, () => false);
    if (error instanceof Deno.errors.PermissionDenied && isThere) return { dataDir: usual };
    return await whole(options);
  }
  const document = parseDocument(shown, text);
  if ("problem" in document) return { problems: [document.problem] };
  const found: Diagnostic[] = [];
  const read = readFields(FIELD, document.table, {
    scope: new DiagnosticScope(found),
    ignore: (key) => key !== "data_dir",
  });
  if (found.length > 0) return { problems: withPositions(shown, text, found) };
  return {
    dataDir: generalOf(read, { base, hostname: "", home: "/", scopeOf: () => new DiagnosticScope([]) }).dataDir,
  };
}

async function whole(options: LoadOptions): Promise<{ dataDir: string } | { problems: Problem[] }> {
  const loaded = await loadSettings(options);
  return "settings" in loaded ? { dataDir: loaded.settings.dataDir } : loaded;
}
