/** Settings that are secrets: in config.toml, or better in a file of their own. No message ever quotes one. */
import { resolve } from "node:path";
import type { Grammar } from "../manifest/grammar.ts";
import type { Place, Table } from "../manifest/place.ts";

export const secret: Grammar<string> = {
  wants: "a string that is not empty",
  schema: { type: "string" },
  read: (value, place) => typeof value === "string" && value !== "" ? value : place.report("is not a string, or empty"),
};

export interface SecretOptions {
  name: string;
  /** In the environment or in the file, wherever the setting comes from. */
  placeOf: (key: string) => Place;
  /** What a relative path begins at. */
  base: string;
}

/** `token`, or the content of `token_file`. Neither is in a message: some put the token where the file's name belongs. */
export async function secretOf(table: Table, { name, placeOf, base }: SecretOptions): Promise<string | null> {
  const file = table[`${name}_file`];
  const value = table[name];
  if (typeof file !== "string") return typeof value === "string" ? value : null;
  const place = placeOf(`${name}_file`);
  if (typeof value === "string") {
    place.report(`is set beside ${name}, and only one of the two can count`, `take ${name} out`);
    return null;
  }
  try {
    const text = (await Deno.readTextFile(resolve(base, file))).trim();
    if (text === "") place.report("names a file that is empty", `put the ${name} into it`);
    return text;
  } catch (error) {
    const hint = `write the path of the file with the ${name}, absolute or from the folder of config.toml`;
    place.report(`names a file that can not be read: ${whyUnreadable(error)}`, hint);
    return null;
  }
}

/** "permission denied" */
export function whyUnreadable(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*/, "").toLowerCase();
}
