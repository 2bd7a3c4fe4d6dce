/** [pure] Whether a workload's `on` chooses a device. */

export interface Target {
  device: string;
  labels: Record<string, string>;
}

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
  if (at < 0) return glob(entry, device);
  const value = labels[entry.slice(0, at)];
  return value !== undefined && glob(entry.slice(at + 1), value);
}

function glob(pattern: string, text: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*");
  return new RegExp(`^${source}$`).test(text);
}
