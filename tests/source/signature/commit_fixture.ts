/** Commits put together by hand, for what no git makes. */
import { type AllowedSigner, readAllowedSigners } from "../../../src/signature/allowed_signers.ts";
import { Failure } from "../../../src/failure.ts";
import { signerOf } from "../../../src/source/signature/verify_commit.ts";

const HEADERS = [
  "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  "author Ada <ada@example.org> 1782000000 +0200",
  "committer Ada <ada@example.org> 1782000000 +0200",
];

export const MESSAGE = "\nsay hello\n\ngpgsig is a word in here, at the begin of\ngpgsig lines too\n";
export const PAYLOAD = bytes(`${HEADERS.join("\n")}\n${MESSAGE}`);

/** `signature` armoured, as a header among others. */
export function commitWith(signature: string, headers: string[] = HEADERS): Uint8Array {
  return bytes(`${headers.join("\n")}\n${asHeader("gpgsig", signature)}${MESSAGE}`);
}

/** As git folds a text of several lines into a header. */
export function asHeader(name: string, text: string): string {
  return `${name} ${text.trimEnd().replaceAll("\n", "\n ")}\n`;
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A list that must be readable. */
export function signers(text: string): AllowedSigner[] {
  const list = readAllowedSigners(text);
  if (!Array.isArray(list)) throw new Error(`line ${list.line} ${list.message}`);
  return list;
}

/** The principal, or the refusal; every other error is thrown on. */
export function verdict(commit: Uint8Array, list: string | AllowedSigner[]): string | Failure {
  const id = "1234567890123456789012345678901234567890";
  try {
    return signerOf({ id, commit }, typeof list === "string" ? signers(list) : list);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
