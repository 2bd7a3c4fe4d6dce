/** [pure] Parses a TOML text to a table, and turns diagnostics of it into problems with positions. */
import { parse, TomlError } from "smol-toml";
import { escapeControls } from "../model/escape.ts";
import type { Problem } from "../model/problem.ts";
import { type Diagnostic, MAX_DIAGNOSTICS, pathText } from "./diagnostic.ts";
import { type Position, SourceMap, syntaxError } from "./source_map.ts";
import type { Table } from "./toml_value.ts";

/** Largest text that is parsed: a larger file is no manifest, and would stall a small device. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** Deepest nesting of arrays and inline tables. Fields need four levels. */
const MAX_DEPTH = 32;

export type Document = { table: Table } | { problem: Problem };

/** Parses a text. Never throws. `file` is the name of the file in problems. */
export function parseDocument(file: string, text: string): Document {
  if (byteLength(text) > MAX_TEXT_BYTES) {
    return { problem: fileProblem(file, "the file is over 1 MiB, and manifests are small") };
  }
  if (isLfsPointer(text)) return { problem: lfsPointerProblem(file) };
  if (text.includes("\uFFFD")) return { problem: fileProblem(file, "the file is not UTF-8 text") };
  const plain = withoutBom(text);
  try {
    return { table: parse(plain, { integersAsBigInt: "asNeeded", maxDepth: MAX_DEPTH }) };
  } catch (error) {
    const syntax = syntaxError(plain) ?? (error instanceof TomlError ? withoutExcerpt(error) : null);
    if (syntax === null) return { problem: fileProblem(file, "the file cannot be read as TOML") };
    const { line, column, message } = syntax;
    return { problem: { file, line, column, field: "", message: syntaxMessage(message) } };
  }
}

/** True for a Git LFS pointer: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
export function isLfsPointer(text: string): boolean {
  return text.startsWith("version https://git-lfs.github.com/");
}

/** Problem of a file whose content Git LFS keeps elsewhere. */
export function lfsPointerProblem(file: string): Problem {
  const hint = "keep it in git itself: git lfs untrack FILE";
  return { ...fileProblem(file, "the file is a pointer of Git LFS, and its content is not in the repository"), hint };
}

/** Returns diagnostics as problems with lines and columns, in the order of the text. */
export function withPositions(file: string, text: string, diagnostics: readonly Diagnostic[]): Problem[] {
  if (diagnostics.length === 0) return [];
  const more = diagnostics.length < MAX_DIAGNOSTICS
    ? []
    : [fileProblem(file, `has more problems; these are the first ${MAX_DIAGNOSTICS}`)];
  const map = new SourceMap(withoutBom(text));
  const problems = diagnostics.map(({ path, part, message, hint }) => ({
    file,
    ...map.positionOf({ path, part }),
    field: pathText(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  })).sort((a, b) => a.line - b.line || a.column - b.column);
  return [...problems, ...more];
}

function fileProblem(file: string, message: string): Problem {
  return { file, field: "", message };
}

function withoutBom(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

/** Drops the excerpt of the text that smol-toml adds: in config.toml it could be a secret. */
function withoutExcerpt({ line, column, message }: TomlError): Position & { message: string } {
  const first = message.split("\n")[0]!.replace(/^Invalid TOML document: /, "").replace(/\. aborting\.$/, "");
  return { line, column, message: first };
}

/**
 * Rewrites a parser's message in the form of ours: no final period, a small first letter. The parsers quote characters
 * unescaped.
 */
function syntaxMessage(message: string): string {
  const plain = escapeControls(message);
  return `the text is no TOML here: ${plain.charAt(0).toLowerCase()}${plain.slice(1).replace(/\.$/, "")}`;
}

function byteLength(text: string): number {
  return text.length > MAX_TEXT_BYTES ? text.length : new TextEncoder().encode(text).length;
}
