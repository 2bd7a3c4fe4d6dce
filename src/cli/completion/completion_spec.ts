/** [pure] What of a command can be completed, from its own description: no shell has a table of its own. */
import type { Command } from "../command.ts";

/** What stands in a place: names of workloads, files, folders, one of some words, or something that only you know. */
export type Kind = { type: "name" | "file" | "folder" | "unknown" } | { type: "words"; words: string[] };

export interface CompletionFlag {
  long: string;
  short: string | null;
  doc: string;
  /** Null for a flag without a value. */
  value: Kind | null;
}

export interface CompletionSpec {
  name: string;
  summary: string;
  flags: CompletionFlag[];
  /** Of words that are no flags. */
  words: Kind;
  /** Whether more than one may follow. */
  repeats: boolean;
}

export function completionSpec({ name, summary, usage, options, flags, positionals }: Command): CompletionSpec {
  return {
    name,
    summary: summary.replace(/ \(.*\)$/, ""),
    flags: Object.entries(flags).map(([long, { type, short }]) => {
      const told = options.find(({ flag }) => flag.split(/[ ,]+/).includes(`--${long}`));
      const kind = kindOf(/ ([A-Z=]+)$/.exec(told?.flag ?? "")?.[1] ?? "");
      // A flag's NAME is a device's, or a new one: only a command's own is a workload's.
      const value: Kind = kind.type === "name" ? { type: "unknown" } : kind;
      return { long, short: short ?? null, doc: told?.doc ?? "", value: type === "boolean" ? null : value };
    }),
    words: wordsOf(usage),
    repeats: positionals.max > 1,
  };
}

/** "NAME [-f] [--tail N]" has a NAME, "service|deployment" two words. */
function wordsOf(usage: string): Kind {
  const plain = usage.replace(/\[?--?[a-z-]+(?: [A-Z]+)?(?:\.\.\.)?\]?/g, " ");
  const words = plain.match(/[A-Za-z]+/g) ?? [];
  const own = words.filter((word) => /^[a-z]/.test(word));
  return own.length > 0 ? { type: "words", words: own } : kindOf(words[0] ?? "");
}

function kindOf(word: string): Kind {
  if (word === "NAME") return { type: "name" };
  if (word === "FILE") return { type: "file" };
  return { type: word === "DIR" ? "folder" : "unknown" };
}

export const HELP: CompletionSpec = {
  name: "help",
  summary: "Show what there is, or with a command's name what that command takes",
  flags: [],
  words: { type: "unknown" },
  repeats: false,
};
