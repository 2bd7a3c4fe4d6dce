/** [pure] A TOML text to a table, or to the place where it stops being one. */
import { parse, TomlError } from "smol-toml";
import type { Problem } from "../model/problem.ts";
import { escaped } from "../model/printable.ts";
import { type Diagnostic, fieldText, MAX_DIAGNOSTICS, type Table } from "./diagnostic.ts";
import { SourceMap, syntaxError } from "./source_map.ts";

/** A file larger than this is no manifest; reading it would stall a small device. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** Of arrays and inline tables in each other. Fields need four. */
const MAX_DEPTH = 32;

export type Document = { table: Table } | { problem: Problem };

export function parseDocument(file: string, text: string): Document {
  if (byteLength(text) > MAX_TEXT_BYTES) {
    return { problem: whole(file, "the file is over 1 MiB, and manifests are small") };
  }
  if (isLfsPointer(text)) return { problem: lfsPointerProblem(file) };
  if (text.includes("\uFFFD")) return { problem: whole(file, "the file is not UTF-8 text") };
  const plain = text.replace(/^\uFEFF/, "");
  try {
    return { table: parse(plain, { integersAsBigInt: "asNeeded", maxDepth: MAX_DEPTH }) as Table };
  } catch (error) {
    const found = syntaxError(plain) ?? (error instanceof TomlError ? bare(error) : null);
    if (found === null) return { problem: whole(file, "the file can not be read as TOML") };
    const { line, column, message } = found;
    return { problem: { file, line, column, field: "", message: sentence(message) } };
  }
}

/** Whether the content was left in another store: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
export function isLfsPointer(text: string): boolean {
  return text.startsWith("version https://git-lfs.github.com/");
}

export function lfsPointerProblem(file: string): Problem {
  const hint = "keep it in git itself: git lfs untrack FILE";
  return { ...whole(file, "the file is a pointer of Git LFS, and its content is not in the repository"), hint };
}

/** Problems with their lines and columns, in the order of the text. */
export function withPositions(file: string, text: string, found: readonly Diagnostic[]): Problem[] {
  if (found.length === 0) return [];
  const more = found.length < MAX_DIAGNOSTICS
    ? []
    : [whole(file, `has more problems; these are the first ${MAX_DIAGNOSTICS}`)];
  const positions = new SourceMap(text.replace(/^\uFEFF/, ""));
  const problems = found.map(({ path, part, message, hint }): Problem => ({
    file,
    ...positions.of({ path, part }),
    field: fieldText(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  })).sort((a, b) => a.line! - b.line! || a.column! - b.column!);
  return [...problems, ...more];
}

function whole(file: string, message: string): Problem {
  return { file, field: "", message };
}

/** Without the excerpt of the text that smol-toml adds: of config.toml it could be a secret. */
function bare({ line, column, message }: TomlError): { line: number; column: number; message: string } {
  const first = message.split("\n")[0]!.replace(/^Invalid TOML document: /, "").replace(/\. aborting\.$/, "");
  return { line, column, message: first };
}

/** As our own messages are: without a final period, beginning with a small letter. The parsers quote characters as they are. */
function sentence(message: string): string {
  const plain = escaped(message);
  return `the text is no TOML here: ${plain.charAt(0).toLowerCase()}${plain.slice(1).replace(/\.$/, "")}`;
}

function byteLength(text: string): number {
  return text.length > MAX_TEXT_BYTES ? text.length : new TextEncoder().encode(text).length;
}
