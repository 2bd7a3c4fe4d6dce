/** [pure] Diagnostics of a document: what is wrong, and at which path. `withPositions` adds lines and columns. */
import { quote } from "./toml_value.ts";

/** Keys and array indexes from the top of a document to a value. */
export type FieldPath = readonly (string | number)[];

export interface Diagnostic {
  path: FieldPath;
  /** Whether the name or the value is wrong: decides which of the two the position points at. */
  part: "key" | "value";
  message: string;
  hint: string | undefined;
}

/** Most diagnostics kept for one document. A file of 1 MiB can hold a hundred thousand mistakes, and nobody reads those. */
export const MAX_DIAGNOSTICS = 100;

/** A path in a document, and the list that collects the diagnostics of that document. */
export class DiagnosticScope {
  readonly path: FieldPath;
  readonly #diagnostics: Diagnostic[];

  constructor(diagnostics: Diagnostic[], path: FieldPath = []) {
    this.#diagnostics = diagnostics;
    this.path = path;
  }

  /** Returns the scope of a key or an index below this path. */
  at(key: string | number): DiagnosticScope {
    return new DiagnosticScope(this.#diagnostics, [...this.path, key]);
  }

  /** Reports a wrong value. Returns undefined, so that a schema can report and give no value in one statement. */
  error(message: string, hint?: string): undefined {
    this.#add({ path: this.path, part: "value", message, hint });
    return undefined;
  }

  /** Reports that `value` is not what the schema expects. Quotes the value, so it must not be used for secrets. */
  mismatch(value: unknown, expected: string, hint?: string): undefined {
    return this.error(`is ${quote(value)}, wanted ${expected}`, hint);
  }

  /** Reports a wrong name of a field. */
  keyError(message: string, hint?: string): void {
    this.#add({ path: this.path, part: "key", message, hint });
  }

  /** True once `MAX_DIAGNOSTICS` were reported: further ones are dropped. */
  get isFull(): boolean {
    return this.#diagnostics.length >= MAX_DIAGNOSTICS;
  }

  #add(diagnostic: Diagnostic): void {
    if (!this.isFull) this.#diagnostics.push(diagnostic);
  }
}

/** Formats a path as TOML writes it: `health.interval`, `ports[0]`, `env."A B"`. */
export function pathText(path: FieldPath): string {
  return path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return /^[A-Za-z0-9_-]{1,60}$/.test(key) ? `.${key}` : `.${quote(key)}`;
  }).join("").replace(/^\./, "");
}
