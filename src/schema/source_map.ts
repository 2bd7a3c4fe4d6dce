/** [pure] Lines and columns of a TOML text. Used only when something is wrong: the parser that keeps positions is slow. */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import type { Diagnostic, FieldPath } from "./diagnostic.ts";

/** Both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Deeper than any field. A dotted key of half a million parts would make as many paths, each as long. */
const MAX_DEPTH = 8;

/** The TOML version that smol-toml reads, so that a text which has problems of another kind still has positions. */
const VERSION = { tomlVersion: "1.1" } as const;

/** Positions of the keys and values of a text down to `MAX_DEPTH`. Empty when the text is no TOML. */
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
    for (const node of program.body[0].body) this.#walk(node, []);
  }

  /** Returns the position of a key or value; of the closest table around it when the field itself is absent. */
  positionOf({ path, part }: Pick<Diagnostic, "path" | "part">): Position {
    for (let length = Math.min(path.length, MAX_DEPTH); length > 0; length--) {
      const id = idOf(path.slice(0, length));
      const isWhole = length === path.length;
      const position = isWhole && part === "value"
        ? this.#values.get(id) ?? this.#keys.get(id)
        : this.#keys.get(id) ?? this.#values.get(id);
      if (position !== undefined) return position;
    }
    return { line: 1, column: 1 };
  }

  #walk(node: AST.TOMLTable | AST.TOMLKeyValue, base: FieldPath): void {
    if (node.type === "TOMLTable") {
      const path = node.resolvedKey.slice(0, MAX_DEPTH + 1);
      let part = -1;
      // `[a.b]` names "a" too; the number after the name of an array of tables has the position of the name.
      path.forEach((key, index) => {
        if (typeof key === "string") part++;
        this.#record(this.#keys, path.slice(0, index + 1), node.key.keys[part] ?? node.key);
      });
      for (const inner of node.body) this.#walk(inner, path);
      return;
    }
    const keys = node.key.keys.slice(0, MAX_DEPTH + 1 - base.length);
    const path = [...base, ...keys.map((key) => key.type === "TOMLBare" ? key.name : key.value)];
    // A dotted key creates the tables on its way.
    for (let length = base.length + 1; length <= path.length; length++) {
      this.#record(this.#keys, path.slice(0, length), keys[length - base.length - 1] ?? node.key);
    }
    this.#value(node.value, path);
  }

  #value(node: AST.TOMLContentNode, path: FieldPath): void {
    if (path.length > MAX_DEPTH) return;
    this.#record(this.#values, path, node);
    if (node.type === "TOMLArray") node.elements.forEach((item, index) => this.#value(item, [...path, index]));
    if (node.type === "TOMLInlineTable") { for (const inner of node.body) this.#walk(inner, path); }
  }

  /** Keeps the first position of a path. */
  #record(map: Map<string, Position>, path: FieldPath, node: AST.TOMLNode): void {
    const id = idOf(path);
    const { line, column } = node.loc.start;
    if (!map.has(id)) map.set(id, { line, column: column + 1 });
  }
}

/** Returns where and why a text stops being TOML; null when this parser reads it, or fails for a reason of its own. */
export function syntaxError(text: string): Position & { message: string } | null {
  try {
    parseTOML(text, VERSION);
    return null;
  } catch (error) {
    // Anything else is a failure of the parser, like a stack that a nested array used up.
    if (!(error instanceof ParseError)) return null;
    return { line: error.lineNumber, column: error.column + 1, message: error.message };
  }
}

function idOf(path: FieldPath): string {
  return path.join("\0");
}
