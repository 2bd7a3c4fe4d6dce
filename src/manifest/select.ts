/** [pure] Whether a workload's `on` chooses a device. */

/** Of a device, by the names that artifacts use. */
export type Architecture = "arm64" | "x86_64";

export interface Target {
  device: string;
  labels: Record<string, string>;
  /** Left out where no device is at hand: then a download for any architecture will do. */
  arch?: Architecture;
}

/** What an entry of `on` may be: a name with "*", or "label=value"; either with "!" in front. */
export const CHOICE_PATTERN = /^!?(?:[A-Za-z0-9._*-]+|[a-z0-9][a-z0-9._-]*=.+)$/;

/**
 * Entries are names with "*", "label=value", and either with "!" in front. Chosen when no "!" entry matches, and one of
 * the others does or there is none.
 */
export function isChosen(on: readonly string[], target: Target): boolean {
  const not = on.filter((entry) => entry.startsWith("!")).map((entry) => entry.slice(1));
  const yes = on.filter((entry) => !entry.startsWith("!"));
  if (not.some((entry) => matches(entry, target))) return false;
  return yes.length === 0 || yes.some((entry) => matches(entry, target));
}

function matches(entry: string, { device, labels }: Target): boolean {
  const at = entry.indexOf("=");
  if (at < 0) return fitsGlob(entry, device);
  const label = entry.slice(0, at);
  return Object.hasOwn(labels, label) && fitsGlob(entry.slice(at + 1), labels[label]!);
}

/** By the pieces between the stars, each at its first place: a regular expression with many stars takes years. */
function fitsGlob(pattern: string, text: string): boolean {
  const [first, ...pieces] = pattern.split("*") as [string, ...string[]];
  const last = pieces.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
