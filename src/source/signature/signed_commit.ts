/** A commit, taken apart into what was signed and the signature that stands in the middle of it. */
import { concat } from "../../model/bytes.ts";
import { latin1, Malformed } from "../../signature/ssh_wire.ts";

export interface SignedCommit {
  /** As it was when it was signed. */
  payload: Uint8Array;
  /** The text of the signature; null for a commit without one. */
  signature: string | null;
  /** When the commit was made, as its signer says; seconds since 1970. */
  committedAt: number;
}

const SPACE = 0x20;
const LINE_END = 0x0a;

/**
 * `commit` as git stores it. Git signs the commit without the header `gpgsig`, and without `gpgsig-sha256`, which holds
 * the signature of the same commit by another id. Lines of a header after its first begin with a space.
 * https://git-scm.com/docs/gitformat-signature
 */
export function splitSignedCommit(commit: Uint8Array): SignedCommit {
  const payload: Uint8Array[] = [];
  const signature: string[] = [];
  let count = 0;
  let committer = "";
  /** Of the header that the line belongs to. */
  let inside: "payload" | "signature" | "other" = "payload";
  let at = 0;
  while (at < commit.length && commit[at] !== LINE_END) {
    const end = endOfLine(commit, at);
    const line = commit.subarray(at, end);
    const text = latin1(line);
    if (line[0] !== SPACE) {
      inside = text.startsWith("gpgsig ") ? "signature" : text.startsWith("gpgsig-sha256 ") ? "other" : "payload";
      if (inside === "signature") count++;
      if (text.startsWith("committer ")) committer = text;
    }
    if (inside === "payload") payload.push(line);
    if (inside === "signature") signature.push(text.slice(text.indexOf(" ") + 1));
    at = end;
  }
  if (count > 1) throw new Malformed("is one of several, and git makes one");
  payload.push(commit.subarray(at));
  return {
    payload: concat(payload),
    signature: count === 0 ? null : signature.join(""),
    committedAt: committedAt(committer),
  };
}

/** After the line end, or where the commit ends. */
function endOfLine(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(LINE_END, from);
  return at < 0 ? bytes.length : at + 1;
}

function committedAt(line: string): number {
  const seconds = /> (\d{1,15}) [+-]\d{4}\n$/.exec(line)?.[1];
  if (seconds === undefined) throw new Malformed("is of a commit that says no time");
  return Number(seconds);
}
