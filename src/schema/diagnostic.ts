/** [pure] Where in a document a value is, and the problems found there. */

import { quoted } from "../model/printable.ts";

export type FieldPath = readonly (string | number)[];

export interface Diagnostic {
  path: FieldPath;
  /** Whether the name or the value is wrong: decides which of the two is pointed at. */
  part: "key" | "value";
  message: string;
  hint: string | undefined;
}

/** Of one document: a file of 1 MiB can hold a hundred thousand mistakes, and nobody reads those. */
export const MAX_DIAGNOSTICS = 100;

export class DiagnosticScope {
  readonly path: FieldPath;
  readonly #found: Diagnostic[];

  constructor(found: Diagnostic[], path: FieldPath = []) {
    this.#found = found;
    this.path = path;
  }

  at(key: string | number): DiagnosticScope {
    return new DiagnosticScope(this.#found, [...this.path, key]);
  }

  /** Returns undefined, so that a grammar can report and give no value in one word. */
  error(message: string, hint?: string): undefined {
    this.#add({ path: this.path, part: "value", message, hint });
    return undefined;
  }

  keyError(message: string, hint?: string): void {
    this.#add({ path: this.path, part: "key", message, hint });
  }

  /** Whether `MAX_FOUND` problems were found, and more will not be kept. */
  get isFull(): boolean {
    return this.#found.length >= MAX_DIAGNOSTICS;
  }

  #add(found: Diagnostic): void {
    if (!this.isFull) this.#found.push(found);
  }
}

/** `health.interval`, `ports[0]`, `env."A B"`: as TOML writes it. */
export function fieldText(path: FieldPath): string {
  return path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return /^[A-Za-z0-9_-]{1,60}$/.test(key) ? `.${key}` : `.${quote(key)}`;
  }).join("").replace(/^\./, "");
}

/** The value as a person wrote it, shortened: `"30"`, `30`, `a table`. */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    return quoted(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  }
  if (typeof value === "number") return String(value).replace("Infinity", "inf").replace("NaN", "nan");
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "an array";
  if (value !== null && typeof value === "object") return isTable(value) ? "a table" : "a date";
  return "nothing";
}

export type Table = Record<string, unknown>;

/** A TOML table; dates are objects too, of a class of their own. */
export function isTable(value: unknown): value is Table {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
