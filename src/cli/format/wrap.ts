/** [pure] Lines that fit a terminal which nobody made wider. */

/** Of such a terminal. */
export const COLUMNS = 80;

/**
 * `text` in lines of at most 80 columns, cut between words; a word that is longer stays whole. The first line begins
 * as `text` does, and the following ones with `indent` spaces.
 */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  const [, begin, rest] = /^(\s*)(.*)$/s.exec(text)!;
  let line = begin!;
  let isEmpty = true;
  for (const word of rest!.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line.trimEnd());
      line = " ".repeat(indent);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}
