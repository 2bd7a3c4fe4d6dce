/** [pure] A TOML text to a table, or to the place where it stops being one. */
import { parse, TomlError } from "smol-toml";
import type { Problem } from "../model/problem.ts";
import { fieldText, type Found, type Table } from "./place.ts";
import { Positions, syntaxError } from "./position.ts";

/** A file larger than this is no manifest; reading it would stall a small device. */
export const MAX_TEXT_BYTES = 1024 * 1024;

export type Document = { table: Table } | { problem: Problem };

export function parseDocument(file: string, text: string): Document {
  if (text.length > MAX_TEXT_BYTES) return { problem: whole(file, "the file is over 1 MiB, and manifests are small") };
  if (text.startsWith("version https://git-lfs.github.com/")) {
    const hint = "keep it in git itself: git lfs untrack FILE";
    return {
      problem: { ...whole(file, "the file is a pointer of Git LFS, and its content is not in the repository"), hint },
    };
  }
  if (text.includes("\uFFFD")) return { problem: whole(file, "the file is not UTF-8 text") };
  const plain = text.replace(/^\uFEFF/, "");
  try {
    return { table: parse(plain) as Table };
  } catch (error) {
    const found = syntaxError(plain);
    if (found !== null) {
      const { line, column, message } = found;
      return { problem: { file, line, column, field: "", message: sentence(message) } };
    }
    if (error instanceof TomlError) {
      const message = sentence(error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, ""));
      return { problem: { file, line: error.line, column: error.column, field: "", message } };
    }
    return { problem: whole(file, "the file can not be read as TOML: its tables are nested too deeply") };
  }
}

/** Problems with their lines and columns, in the order of the text. */
export function placed(file: string, text: string, found: readonly Found[]): Problem[] {
  if (found.length === 0) return [];
  const positions = new Positions(text.replace(/^\uFEFF/, ""));
  return found.map(({ path, part, message, hint }): Problem => ({
    file,
    ...positions.of({ path, part }),
    field: fieldText(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  })).sort((a, b) => a.line! - b.line! || a.column! - b.column!);
}

function whole(file: string, message: string): Problem {
  return { file, field: "", message };
}

function sentence(message: string): string {
  return message.replace(/\.$/, "").replaceAll("'", '"');
}
