/** What others wrote, as it can be shown in a terminal: nothing in it moves the cursor or turns the direction of writing. */

/** Control characters of both sets, and those that Unicode has for lines and directions. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** With escapes in their place. */
export function escapeControls(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** In quotes, as JSON writes it. */
export function quoted(text: string): string {
  return escapeControls(JSON.stringify(text));
}

/** Quotes for sh(1) and zsh: one word, in which nothing is expanded. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** With spaces in their place: one line. */
export function oneLine(text: string): string {
  return text.replace(UNSEEN, " ").trim();
}
