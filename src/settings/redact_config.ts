/**
 * Redacts a config.toml for bug reports. Only values of known settings that are no secrets are kept, so that a token in
 * the wrong place is hidden too. Comments are dropped.
 */
import { isTable, type Table } from "../schema/toml_value.ts";
import { secret } from "./secret_setting.ts";
import { SECTIONS } from "./sections.ts";

const HIDDEN = "***";

/** Settings that are shown, beside those of `SECTIONS`: of each registry, and of each receiver of messages. */
const REGISTRY = ["username", "password_file"];
const NOTIFY = ["type", "name", "events", "repeat_interval", "allow_local", "url_file", "secret_file", "token_file"];

/** `isFile` tells whether a setting that names a file does so, or holds the secret itself. */
export function redactConfig(table: Table, isFile: (path: string) => boolean): string {
  const lines: string[] = [];
  const value = (key: string, given: unknown, known: readonly string[]) => {
    const isNamed = !/_files?$/.test(key) || [given].flat().every((path) => typeof path === "string" && isFile(path));
    lines.push(`${bare(key)} = ${written(known.includes(key) && isNamed ? given : HIDDEN)}`);
  };
  const values = (given: Table, known: readonly string[]) => {
    for (const [key, inner] of Object.entries(given)) value(key, inner, known);
  };
  const top = shownOf("");
  for (const [key, given] of Object.entries(table)) {
    if (top.includes(key) || !isSectionLike(given)) value(key, given, top);
  }
  for (const [name, given] of Object.entries(table)) {
    if (top.includes(name) || !isSectionLike(given)) continue;
    if (Array.isArray(given)) {
      for (const item of given.filter(isTable)) {
        lines.push("", `[[${bare(name)}]]`);
        values(item, name === "notify" ? NOTIFY : []);
      }
    } else if (isTable(given) && name === "registry") {
      for (const [host, login] of Object.entries(given)) {
        lines.push("", `[${bare(name)}.${bare(host)}]`);
        if (isTable(login)) values(login, REGISTRY);
      }
    } else if (isTable(given)) {
      lines.push("", `[${bare(name)}]`);
      values(given, shownOf(name));
    }
  }
  return `${lines.join("\n").trim()}\n`;
}

/** Returns every text of the config.toml that is not shown, so that it can be hidden elsewhere. */
export function hiddenValues(table: Table, isFile: (path: string) => boolean): string[] {
  const shown = redactConfig(table, isFile);
  return textsIn(table).filter((text) => !shown.includes(written(text)));
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isTable(value) ? Object.values(value).flatMap(textsIn) : [];
}

function shownOf(section: string): string[] {
  const fields = SECTIONS.find(({ name }) => name === section)?.fields ?? {};
  return Object.values(fields).filter(({ name, schema }) => schema !== secret && name !== "secrets")
    .map(({ name }) => name);
}

function isSectionLike(value: unknown): boolean {
  return isTable(value) || (Array.isArray(value) && value.length > 0 && value.every(isTable));
}

/** Formats a value as TOML. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (isTable(value)) {
    return `{ ${Object.entries(value).map(([key, one]) => `${bare(key)} = ${written(one)}`).join(", ")} }`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function bare(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}
