/**
 * A config.toml as it can be shown to strangers. Nothing passes but values of settings that are known and are no
 * secrets: whoever wrote a token where no token belongs has it hidden too. Comments are dropped.
 */
import { isTable, type Table } from "../schema/diagnostic.ts";
import { SECTIONS } from "./sections.ts";
import { secret } from "./secret_setting.ts";

const HIDDEN = "***";

/** Beside `SECTIONS`: of each registry, and of each who is notified. */
const REGISTRY = ["username", "password_file"];
const NOTIFY = ["type", "name", "events", "repeat_interval", "allow_local", "url_file", "secret_file", "token_file"];

/** `isFile`: whether a setting that names a file does, or somebody wrote the secret itself there. */
export function redactConfig(table: Table, isFile: (path: string) => boolean): string {
  const lines: string[] = [];
  const value = (key: string, given: unknown, known: readonly string[]) => {
    const isNamed = !/_files?$/.test(key) || [given].flat().every((one) => typeof one === "string" && isFile(one));
    lines.push(`${bare(key)} = ${written(known.includes(key) && isNamed ? given : HIDDEN)}`);
  };
  const values = (given: Table, known: readonly string[]) => {
    for (const [key, one] of Object.entries(given)) value(key, one, known);
  };
  const top = shownOf("");
  for (const [key, given] of Object.entries(table)) {
    if (top.includes(key) || !isSectionLike(given)) value(key, given, top);
  }
  for (const [name, given] of Object.entries(table)) {
    if (top.includes(name) || !isSectionLike(given)) continue;
    if (Array.isArray(given)) {
      for (const one of given) {
        lines.push("", `[[${bare(name)}]]`);
        values(one as Table, name === "notify" ? NOTIFY : []);
      }
    } else if (name === "registry") {
      for (const [host, one] of Object.entries(given as Table)) {
        lines.push("", `[${bare(name)}.${bare(host)}]`);
        if (isTable(one)) values(one, REGISTRY);
      }
    } else {
      lines.push("", `[${bare(name)}]`);
      values(given as Table, shownOf(name));
    }
  }
  return `${lines.join("\n").trim()}\n`;
}

/** Every text in it that is not shown, wherever else it may appear. */
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
  const fields = SECTIONS.find(({ name }) => name === section)?.fields ?? [];
  return fields.filter(({ name, schema }) => schema !== secret && name !== "secrets").map(({ name }) => name);
}

function isSectionLike(value: unknown): boolean {
  return isTable(value) || (Array.isArray(value) && value.length > 0 && value.every(isTable));
}

/** As TOML has it. */
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
