/** Fenced blocks of a Markdown text, and the little that generating one needs. */

export interface Block {
  /** "sh", "toml", "text"; empty where none is said. */
  language: string;
  text: string;
  /** The heading that it stands below. */
  heading: string;
  /** Of the fence that opens it; the first line of the text is 1. */
  line: number;
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  let open: (Block & { lines: string[]; fence: string }) | null = null;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (open !== null) {
      if (line.trim() !== open.fence) open.lines.push(line);
      else {
        const { language, heading, line, lines } = open;
        blocks.push({ language, heading, line, text: lines.map((each) => `${each}\n`).join("") });
        open = null;
      }
      continue;
    }
    const [, fence, language = ""] = /^\s*(`{3,})(\S*)/.exec(line) ?? [];
    if (fence !== undefined) open = { language, text: "", heading, line: index + 1, lines: [], fence };
    else heading = /^#+ (.*)/.exec(line)?.[1] ?? heading;
  }
  if (open !== null) throw new Error(`the block at line ${open.line} has no end`);
  return blocks;
}

/** Words that Markdown would take for something of its own; what stands in backticks stays. */
export function escaped(text: string): string {
  return text.split(/(`[^`]*`)/).map((part) => part.startsWith("`") ? part : part.replace(/[*<|[\]]/g, "\\$&")).join(
    "",
  );
}

/** The text with what stands between `<!-- NAME -->` and `<!-- /NAME -->` replaced. Throws where they are not there. */
export function withGenerated(markdown: string, name: string, generated: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [markdown.indexOf(begin), markdown.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there is no "${begin}" with its "${end}"`);
  return `${markdown.slice(0, from + begin.length)}\n\n${generated}\n\n${markdown.slice(to)}`;
}
