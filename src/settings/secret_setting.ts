/** Settings that are secrets: in config.toml, or better in a file of their own. No message ever quotes one. */
import { isAbsolute, resolve } from "node:path";
import type { Schema } from "../schema/schema.ts";
import type { DiagnosticScope, Table } from "../schema/diagnostic.ts";

export const secret: Schema<string> = {
  expected: "a string that is not empty",
  jsonSchema: { type: "string" },
  read: (value, scope) => typeof value === "string" && value !== "" ? value : scope.error("is not a string, or empty"),
};

export interface SecretOptions {
  name: string;
  /** In the environment or in the file, wherever the setting comes from. */
  scopeOf: (key: string) => DiagnosticScope;
  /** What a relative path begins at. */
  base: string;
}

/** `token`, or the content of `token_file`. Neither is in a message: some put the token where the file's name belongs. */
export async function secretOf(table: Table, { name, scopeOf, base }: SecretOptions): Promise<string | null> {
  const file = table[`${name}_file`];
  const value = table[name];
  if (typeof file !== "string") return typeof value === "string" ? value : null;
  const scope = scopeOf(`${name}_file`);
  if (typeof value === "string") {
    scope.error(`is set beside ${name}, and only one of the two can count`, `take ${name} out`);
    return null;
  }
  const { text, error } = await readNear(file, base);
  if (error !== null) {
    const hint = `write the path of the file with the ${name}, absolute or from the folder of config.toml`;
    scope.error(`names a file that can not be read: ${readError(error)}`, hint);
    return null;
  }
  if (text.trim() === "") scope.error("names a file that is empty", `put the ${name} into it`);
  return text.trim();
}

/** Where systemd has them while the unit runs: for root on the command line, whom no variable tells. */
const CREDENTIALS = "/run/credentials/harbornode.service";

/**
 * A file that a setting names: from `base`, or among the credentials that systemd hands to the daemon
 * (LoadCredential=, https://systemd.io/CREDENTIALS). `file` is absolute, wherever it was looked for.
 */
export async function readNear(
  path: string,
  base: string,
): Promise<{ file: string; text: string; error: null } | { file: string; text: ""; error: unknown }> {
  const credentials = Deno.env.get("CREDENTIALS_DIRECTORY") ?? CREDENTIALS;
  const places = isAbsolute(path) ? [base] : [base, credentials];
  let first: unknown = null;
  for (const scope of places) {
    const file = resolve(scope, path);
    try {
      return { file, text: await Deno.readTextFile(file), error: null };
    } catch (error) {
      first ??= error;
    }
  }
  return { file: resolve(base, path), text: "", error: first };
}

/** "permission denied" */
export function readError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*/, "").toLowerCase();
}
