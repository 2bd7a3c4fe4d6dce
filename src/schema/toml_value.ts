/** [pure] TOML values: tables, and the form in which a diagnostic quotes a value. */
import { quoted } from "../model/escape.ts";

/** Longest string that a message quotes whole. */
const MAX_QUOTED = 60;

export type Table = Record<string, unknown>;

/** True for a TOML table. TOML dates are objects of a class of their own, and not tables. */
export function isTable(value: unknown): value is Table {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Returns the value as its author wrote it, shortened: `"30"`, `30`, `a table`. */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    return quoted(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED - 3)}...` : value);
  }
  if (typeof value === "number") return String(value).replace("Infinity", "inf").replace("NaN", "nan");
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "an array";
  if (value !== null && typeof value === "object") return isTable(value) ? "a table" : "a date";
  return "nothing";
}
