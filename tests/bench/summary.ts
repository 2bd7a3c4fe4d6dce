/** [pure] From the samples of all rounds to one number a figure and peer, and what they say side by side. */
import type { Figure, Samples, Scale } from "./figure.ts";

/** By peer, then by figure; null where there is no sample. */
export type Medians = Record<string, Record<string, number | null>>;

export function summarize(samples: Record<string, Samples[]>, { figures, scale }: { figures: Figure[]; scale: Scale }) {
  const medians: Medians = {};
  for (const [peer, rounds] of Object.entries(samples)) {
    const of = (id: string) => {
      const values = rounds.flatMap((round) => round[id] ?? []);
      return values.length === 0 ? null : median(values);
    };
    medians[peer] = Object.fromEntries(figures.map(({ id }) => [id, of(id)]));
    medians[peer].memory_more = furtherKB(medians[peer], scale);
  }
  return medians;
}

/** What one more service costs between the two largest sizes. */
function furtherKB(own: Record<string, number | null>, { sizes }: Scale): number | null {
  const [less, more] = sizes.slice(-2) as [number, number];
  const [small, large] = [own[`memory_${less}`] ?? null, own[`memory_${more}`] ?? null];
  return small === null || large === null ? null : (large - small) * 1000 / (more - less);
}

/** The least of the others, and how many times that the own number is. Null where nothing can be compared. */
export function againstBest(
  medians: Medians,
  { id, own }: { id: string; own: string },
): { best: string; ratio: number } | null {
  const mine = medians[own]?.[id] ?? null;
  const others = Object.entries(medians).flatMap(([peer, values]) => {
    const value = values[id] ?? null;
    return peer === own || value === null ? [] : [{ peer, value }];
  }).sort((a, b) => a.value - b.value);
  const best = others[0];
  if (mine === null || best === undefined) return null;
  return { best: best.peer, ratio: mine === best.value ? 1 : mine / best.value };
}

export function median(values: number[]): number {
  return percentile(values, 50);
}

/** Nearest rank, between the two middle ones for an even median. NaN of nothing. */
export function percentile(values: number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * percent / 100;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low === undefined || high === undefined ? NaN : low + (high - low) * (at - Math.floor(at));
}
