/** [pure] Where in a document a value is, and the problems found there. */

export type FieldPath = readonly (string | number)[];

export interface Found {
  path: FieldPath;
  /** Whether the name or the value is wrong: decides which of the two is pointed at. */
  part: "key" | "value";
  message: string;
  hint: string | undefined;
}

export class Place {
  readonly path: FieldPath;
  readonly #found: Found[];

  constructor(found: Found[], path: FieldPath = []) {
    this.#found = found;
    this.path = path;
  }

  at(key: string | number): Place {
    return new Place(this.#found, [...this.path, key]);
  }

  /** Returns undefined, so that a grammar can report and give no value in one word. */
  report(message: string, hint?: string): undefined {
    this.#found.push({ path: this.path, part: "value", message, hint });
    return undefined;
  }

  reportKey(message: string, hint?: string): void {
    this.#found.push({ path: this.path, part: "key", message, hint });
  }
}

/** `health.interval`, `ports[0]` */
export function fieldText(path: FieldPath): string {
  return path.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`).join("").replace(/^\./, "");
}

/** The value as a person wrote it, shortened: `"30"`, `30`, `a table`. */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
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
