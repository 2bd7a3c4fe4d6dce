/** [pure] Whether a workload's `on` chooses a device. */

/** Of a device, by the names that artifacts use. */
export type Architecture = "arm64" | "x86_64";

export interface Target {
  device: string;
  labels: Record<string, string>;
  /** Left out where no device is at hand: then a download for any architecture will do. */
  arch?: Architecture;
  /** All of it, as the kernel counts it. Left out where it is not known: then it is enough. */
  memoryBytes?: number;
  /** Whether it has Docker, running or not. Left out where it is not known: then it has. */
  docker?: boolean;
}

/** All of it must hold. */
export interface Selection {
  /** Names with "*", "label=value", and either with "!" in front: none of those may fit, and one of the others must. */
  any: readonly string[];
  /** By label, values with "*" of which one must fit. */
  labels: Readonly<Record<string, readonly string[]>>;
  /** One of these; empty for any. */
  arch: readonly Architecture[];
  /** At least this much; null for any. */
  memoryBytes: number | null;
  /** Null for either. */
  docker: boolean | null;
}

export const EVERY_DEVICE: Selection = { any: [], labels: {}, arch: [], memoryBytes: null, docker: null };

/** What an entry of `on` may be: a name with "*", or "label=value"; either with "!" in front. */
export const CHOICE_PATTERN = /^!?(?:[A-Za-z0-9._*-]+|[a-z0-9][a-z0-9._-]*=.+)$/;

export function isChosen({ any, labels, arch, memoryBytes, docker }: Selection, target: Target): boolean {
  return isOneOf(any, target) &&
    Object.entries(labels).every(([label, values]) => values.some((value) => matches(`${label}=${value}`, target))) &&
    (arch.length === 0 || target.arch === undefined || arch.includes(target.arch)) &&
    (memoryBytes === null || target.memoryBytes === undefined || target.memoryBytes >= memoryBytes) &&
    (docker === null || target.docker === undefined || docker === target.docker);
}

function isOneOf(any: readonly string[], target: Target): boolean {
  const not = any.filter((entry) => entry.startsWith("!")).map((entry) => entry.slice(1));
  const yes = any.filter((entry) => !entry.startsWith("!"));
  if (not.some((entry) => matches(entry, target))) return false;
  return yes.length === 0 || yes.some((entry) => matches(entry, target));
}

/** An entry without "!": a name, or "label=value". */
export function matches(entry: string, { device, labels }: Target): boolean {
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
