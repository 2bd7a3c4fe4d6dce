/** [pure] A commit as git stores it: https://git-scm.com/docs/git-commit-tree, headers, an empty line, the message. */
import { oneLine } from "../model/escape.ts";

export interface Commit {
  tree: string;
  parents: string[];
  /** First line of the message. */
  subject: string;
  author: string;
  /** Milliseconds since 1970. */
  committedAt: number;
}

/** Of the subject and the author, which are shown; a commit may hold a line of a megabyte. */
const MAX_SHOWN = 200;

export function parseCommit(raw: Uint8Array): Commit {
  const text = new TextDecoder().decode(raw);
  const end = text.indexOf("\n\n");
  const [headers, message] = end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 2)];
  const lines = headers.split("\n");
  const all = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const [, seconds = "0"] = /> (-?\d+) [+-]\d+$/.exec(all("committer")[0] ?? "") ?? [];
  return {
    tree: all("tree")[0] ?? "",
    parents: all("parent"),
    // Whoever can commit chooses these words, and they end up in terminals.
    subject: shown(message.replace(/^\n+/, "").split("\n", 1)[0]!),
    author: shown((all("author")[0] ?? "").replace(/<[^<]*$/, "")),
    committedAt: Number(seconds) * 1000,
  };
}

function shown(text: string): string {
  return oneLine(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 3)}...` : text);
}
