/** [pure] Line and column of a field in a TOML text. Only asked for when something is wrong: the parser that knows is slow. */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import type { Diagnostic, FieldPath } from "./diagnostic.ts";

export interface Position {
  line: number;
  column: number;
}

/** Deeper than any field. A dotted key of half a million parts would make as many paths, each as long. */
const MAX_DEPTH = 8;

/** What smol-toml reads, so that a text which has problems of another kind still has positions. */
const VERSION = { tomlVersion: "1.1" } as const;

/** Positions of everything in the text down to `MAX_DEPTH`; of nothing when the text is no TOML. */
export class SourceMap {
  readonly #keys = new Map<string, Position>();
  readonly #values = new Map<string, Position>();

  constructor(text: string) {
    let program: AST.TOMLProgram;
    try {
      program = parseTOML(text, VERSION);
    } catch {
      return;
    }
    for (const one of program.body[0].body) this.#walk(one, []);
  }

  /** Where the problem is; of the nearest table around it when the field itself is not there. */
  of({ path, part }: Pick<Diagnostic, "path" | "part">): Position {
    for (let length = Math.min(path.length, MAX_DEPTH); length > 0; length--) {
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
      const path = node.resolvedKey.slice(0, MAX_DEPTH + 1);
      let part = -1;
      // `[a.b]` names "a" too; the number after the name of an array of tables is at the same place.
      path.forEach((one, index) => {
        if (typeof one === "string") part++;
        this.#note(this.#keys, path.slice(0, index + 1), node.key.keys[part] ?? node.key);
      });
      for (const one of node.body) this.#walk(one, path);
      return;
    }
    const keys = node.key.keys.slice(0, MAX_DEPTH + 1 - base.length);
    const path = [...base, ...keys.map((one) => one.type === "TOMLBare" ? one.name : one.value)];
    // A dotted key makes the tables on its way.
    for (let length = base.length + 1; length <= path.length; length++) {
      this.#note(this.#keys, path.slice(0, length), keys[length - base.length - 1] ?? node.key);
    }
    this.#value(node.value, path);
  }

  #value(node: AST.TOMLContentNode, path: FieldPath): void {
    if (path.length > MAX_DEPTH) return;
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

/** Where a text stops being TOML, and why; null when the parser that keeps positions does not know. */
export function syntaxError(text: string): Position & { message: string } | null {
  try {
    parseTOML(text, VERSION);
    return null;
  } catch (error) {
    // Anything else is its own failure, like a stack that a nested array used up.
    if (!(error instanceof ParseError)) return null;
    return { line: error.lineNumber, column: error.column + 1, message: error.message };
  }
}

function key(path: FieldPath): string {
  return path.join("\0");
}
