/** [pure] Line and column of a field in a TOML text. Only asked for when something is wrong: the parser that knows is slow. */
import { type AST, parseTOML } from "toml-eslint-parser";
import type { FieldPath, Found } from "./place.ts";

export interface Position {
  line: number;
  column: number;
}

/** Positions of everything in the text; of nothing when the text is no TOML. */
export class Positions {
  readonly #keys = new Map<string, Position>();
  readonly #values = new Map<string, Position>();

  constructor(text: string) {
    let program: AST.TOMLProgram;
    try {
      program = parseTOML(text, { tomlVersion: "1.0" });
    } catch {
      return;
    }
    for (const one of program.body[0].body) this.#walk(one, []);
  }

  /** Where the problem is; of the nearest table around it when the field itself is not there. */
  of({ path, part }: Pick<Found, "path" | "part">): Position {
    for (let length = path.length; length > 0; length--) {
      const id = key(path.slice(0, length));
      const whole = length === path.length;
      const found = whole && part === "value"
        ? this.#values.get(id) ?? this.#keys.get(id)
        : this.#keys.get(id) ?? this.#values.get(id);
      if (found !== undefined) return found;
    }
    return { line: 1, column: 1 };
  }

  #walk(node: AST.TOMLTable | AST.TOMLKeyValue, base: FieldPath): void {
    if (node.type === "TOMLTable") {
      const path = [...node.resolvedKey];
      this.#note(this.#keys, path, node.key);
      for (const one of node.body) this.#walk(one, path);
      return;
    }
    const path = [...base, ...node.key.keys.map((one) => one.type === "TOMLBare" ? one.name : one.value)];
    // A dotted key makes the tables on its way.
    for (let length = base.length + 1; length <= path.length; length++) {
      this.#note(this.#keys, path.slice(0, length), node.key.keys[length - base.length - 1] ?? node.key);
    }
    this.#value(node.value, path);
  }

  #value(node: AST.TOMLContentNode, path: FieldPath): void {
    this.#note(this.#values, path, node);
    if (node.type === "TOMLArray") node.elements.forEach((one, index) => this.#value(one, [...path, index]));
    if (node.type === "TOMLInlineTable") { for (const one of node.body) this.#walk(one, path); }
  }

  #note(map: Map<string, Position>, path: FieldPath, node: AST.TOMLNode): void {
    const id = key(path);
    const { line, column } = node.loc.start;
    if (!map.has(id)) map.set(id, { line, column: column + 1 });
  }
}

/** Where a text stops being TOML, and why; null when it is TOML for the parser that keeps positions. */
export function syntaxError(text: string): Position & { message: string } | null {
  try {
    parseTOML(text, { tomlVersion: "1.0" });
    return null;
  } catch (error) {
    const { lineNumber, column, message } = error as { lineNumber?: number; column?: number; message?: string };
    return { line: lineNumber ?? 1, column: (column ?? 0) + 1, message: message ?? "the text is no TOML" };
  }
}

function key(path: FieldPath): string {
  return path.join("\0");
}
