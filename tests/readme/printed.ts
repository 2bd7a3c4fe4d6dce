/** Is what a page shows what is really printed? Numbers, ids, paths of a moment and the width of gaps may differ. */
import assert from "node:assert/strict";

/** In the place of lines that are left out. */
const MORE = "...";

/** Fails, with both texts, unless the lines that are shown are printed one below the other; "..." stands for any. */
export function assertPrinted(shown: string, printed: string): void {
  const wanted = linesOf(shown);
  const lines = linesOf(printed);
  let at = 0;
  let anywhere = true;
  for (const line of wanted) {
    if (line === MORE) {
      anywhere = true;
      continue;
    }
    const from = lines.indexOf(line, at);
    const fits = from >= 0 && (anywhere || from === at);
    assert.ok(fits, `"${line}" is not printed where the page shows it\n--- shown\n${shown}\n--- printed\n${printed}`);
    at = from + 1;
    anywhere = false;
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").map(steady).filter((line) => line !== "");
}

/** What stays from one run to the next. */
function steady(line: string): string {
  return line
    .replace(/SHA256:\S+/g, "SHA256:KEY")
    .replace(/(?<![\w-])\/(?:tmp|var|etc|root|home)\/\S*/g, "PATH")
    .replace(/\bage1[a-z0-9.]+/g, "age1")
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b/g, "ID")
    .replace(/\d+/g, "0")
    .replace(/\s+/g, " ")
    .trim();
}
