/** Settings that are secrets: in config.toml, or better in a file of their own. No message quotes one. */
import { isAbsolute, resolve } from "node:path";
import type { DiagnosticScope } from "../schema/diagnostic.ts";
import type { Schema } from "../schema/schema.ts";

export const secret: Schema<string> = {
  expected: "a string that is not empty",
  jsonSchema: { type: "string" },
  read: (value, scope) => typeof value === "string" && value !== "" ? value : scope.error("is not a string, or empty"),
};

export interface SecretOptions {
  /** Name of the setting, like "token"; the setting "token_file" names its file. */
  name: string;
  /** Value of the setting that names the file. */
  file: string | null | undefined;
  /** Returns the scope of a setting: in the environment or in the file, where its value comes from. */
  scopeOf: (key: string) => DiagnosticScope;
  /** Directory that a relative path starts from. */
  base: string;
}

/**
 * Returns the secret, or the content of its file. No message quotes either of them: some users write the secret in place
 * of the name of the file.
 */
export async function secretOf(
  value: string | null | undefined,
  { name, file, scopeOf, base }: SecretOptions,
): Promise<string | null> {
  if (file === null || file === undefined) return value ?? null;
  const scope = scopeOf(`${name}_file`);
  if (typeof value === "string") {
    scope.error(`is set beside ${name}, and only one of the two can count`, `take ${name} out`);
    return null;
  }
  const { text, error } = await readNear(file, base);
  if (error !== null) {
    const hint = `write the path of the file with the ${name}, absolute or from the folder of config.toml`;
    scope.error(`names a file that cannot be read: ${readError(error)}`, hint);
    return null;
  }
  if (text.trim() === "") scope.error("names a file that is empty", `put the ${name} into it`);
  return text.trim();
}

/** Credentials of the unit while it runs, for commands of root, which have no variable for the directory. */
const CREDENTIALS = "/run/credentials/harbornode.service";

/**
 * Reads a file that a setting names: relative to `base`, or among the credentials that systemd gives to the daemon
 * (LoadCredential=, https://systemd.io/CREDENTIALS). `file` is the absolute path, also after an error.
 */
export async function readNear(
  path: string,
  base: string,
): Promise<{ file: string; text: string; error: null } | { file: string; text: ""; error: unknown }> {
  const credentials = Deno.env.get("CREDENTIALS_DIRECTORY") ?? CREDENTIALS;
  const directories = isAbsolute(path) ? [base] : [base, credentials];
  let first: unknown = null;
  for (const directory of directories) {
    const file = resolve(directory, path);
    try {
      return { file, text: await Deno.readTextFile(file), error: null };
    } catch (error) {
      first ??= error;
    }
  }
  return { file: resolve(base, path), text: "", error: first };
}

/** Returns the reason of a failed read, like "permission denied". */
export function readError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*/, "").toLowerCase();
}
