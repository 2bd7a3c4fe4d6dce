/** [pure] "did you mean" for misspelled names. */

/** Returns the candidate that was most likely meant; null when none is close. */
export function suggest(name: string, candidates: readonly string[]): string | null {
  const limit = name.length <= 4 ? 1 : name.length <= 8 ? 2 : 3;
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const [given, other] = [name.toLowerCase(), candidate.toLowerCase()];
    // An unfinished word counts as one typing error.
    const distance = given.length > 2 && other.startsWith(given) ? 1 : editDistance(given, other);
    if (distance <= limit && distance < (best?.distance ?? Infinity)) best = { candidate, distance };
  }
  return best?.candidate ?? null;
}

/** Counts insertions, deletions, substitutions, and swaps of neighbors (optimal string alignment). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return Infinity;
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  }
  return rows[a.length]![b.length]!;
}
