/** [pure] The figures as text of at most 80 columns. */
import type { Figure } from "./figure.ts";
import { againstBest, type Medians } from "./summary.ts";

const OWN = "harbornode";

/** A line a figure, a column a peer; a star marks the best, the last column is ours against the best of the others. */
export function showTable(figures: Figure[], medians: Medians): string {
  const peers = Object.keys(medians);
  const rows = figures.map((figure) => {
    const values = peers.map((peer) => medians[peer]![figure.id] ?? null);
    const least = Math.min(...values.flatMap((value) => value ?? []));
    const cells = values.map((value) => value === null ? "-" : `${shown(value, figure)}${value === least ? "*" : " "}`);
    return [figure.title, ...cells, ratio(againstBest(medians, { id: figure.id, own: OWN }))];
  });
  const head = ["", ...peers.map((peer) => `${peer} `), "ratio"];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)).join(" ");
  return [head, ...rows].map((row) => line(row).trimEnd()).join("\n");
}

/** What HarborNode wants of itself, a line each. */
export function showWanted(figures: Figure[], medians: Medians): string {
  const lines = figures.flatMap((figure) => {
    const value = medians[OWN]?.[figure.id] ?? null;
    if (figure.wanted === undefined || value === null) return [];
    const verdict = value <= figure.wanted ? "met" : "MISSED";
    return [`${verdict.padEnd(7)}${figure.title.trim()}: ${shown(value, figure)}, wanted ${figure.wanted}`];
  });
  return lines.join("\n");
}

function shown(value: number, { digits }: Figure): string {
  return value.toFixed(digits);
}

function ratio(found: { ratio: number } | null): string {
  if (found === null || !Number.isFinite(found.ratio)) return "-";
  return found.ratio >= 100 ? found.ratio.toFixed(0) : found.ratio.toFixed(2);
}
