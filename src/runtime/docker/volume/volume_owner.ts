/**
 * [pure] Which volume holds the data of an image's VOLUME path, as the labels of this device's volumes tell. Labels cannot
 * be changed, so a volume that Docker made without labels, or that changes its owner, is claimed by another, empty volume
 * whose labels name it. The labels lie where the data lies: a lost data_dir loses no data of a container.
 */
import { LABEL } from "../container.ts";
import type { VolumeAnswer } from "../api_types.ts";

/** One path of one slot of a workload. Its data is the slot's own. */
export interface VolumeKey {
  workload: string;
  slot: number;
  path: string;
}

interface Owned {
  place: string;
  /** Of the claim; 0 for a volume that was made for its place. */
  order: number;
}

/**
 * The name of the volume that belongs to the place; null when there is none. Each volume has one owner: the place of the
 * latest claim, else the place that it was made for. A place with several volumes has the one that it claimed last.
 */
export function volumeOf(volumes: readonly VolumeAnswer[], place: VolumeKey): string | null {
  const owners = new Map<string, Owned>();
  for (const { Name: name, Labels: labels } of volumes) {
    const owner = placeOf(labels);
    if (owner !== null && !isClaim(labels)) owners.set(name, { place: owner, order: 0 });
  }
  for (const { Labels: labels } of [...volumes].sort((a, b) => orderOf(a.Labels) - orderOf(b.Labels))) {
    const owner = placeOf(labels);
    if (owner !== null && isClaim(labels)) owners.set(labels[LABEL.volume]!, { place: owner, order: orderOf(labels) });
  }
  const own = [...owners].filter(([, owner]) => owner.place === key(place));
  own.sort(([a, { order: first }], [b, { order: second }]) => second - first || (a < b ? -1 : 1));
  return own[0]?.[0] ?? null;
}

/** Labels of a volume that is made for the place; with `claimed`, of an empty one that gives that volume to the place. */
export function volumeLabels(
  place: VolumeKey,
  { deviceId, claimed }: { deviceId: string; claimed?: { name: string; order: number } },
): Record<string, string> {
  return {
    [LABEL.device]: deviceId,
    [LABEL.workload]: place.workload,
    [LABEL.slot]: String(place.slot),
    [LABEL.path]: place.path,
    ...(claimed === undefined ? {} : { [LABEL.volume]: claimed.name, [LABEL.order]: String(claimed.order) }),
  };
}

/** Above that of every claim so far. */
export function nextOrder(volumes: readonly VolumeAnswer[]): number {
  return Math.max(0, ...volumes.map(({ Labels: labels }) => orderOf(labels))) + 1;
}

/** Names that a volume of the place may have, the one that reads best first. */
export function volumeNames({ workload, slot, path }: VolumeKey): string[] {
  const stem = `harbornode-${workload}-${slot}${path.replace(/[^A-Za-z0-9.]+/g, "-")}`.slice(0, LONGEST_STEM);
  return [stem, ...Array.from({ length: MAX_NAMES - 1 }, (_, index) => `${stem}-${index + 2}`)];
}

/** A file name has room for 255 bytes. */
const LONGEST_STEM = 200;
const MAX_NAMES = 100;

/** Paths that the image declares as VOLUME, each once, as Docker reads them. */
export function declaredPaths(volumes: Record<string, unknown> | null | undefined): string[] {
  const paths = Object.keys(volumes ?? {}).map((path) => {
    const parts: string[] = [];
    for (const part of path.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "" && part !== ".") parts.push(part);
    }
    return `/${parts.join("/")}`;
  });
  // Docker refuses the root itself, and says so.
  return [...new Set(paths)].filter((path) => path !== "/").sort();
}

type Labels = Record<string, string> | null | undefined;

function isClaim(labels: Labels): labels is Record<string, string> {
  return labels?.[LABEL.volume] !== undefined;
}

function orderOf(labels: Labels): number {
  const order = Number(labels?.[LABEL.order] ?? 0);
  return Number.isSafeInteger(order) ? order : 0;
}

function placeOf(labels: Labels): string | null {
  const { [LABEL.workload]: workload, [LABEL.slot]: slot, [LABEL.path]: path } = labels ?? {};
  return workload === undefined || slot === undefined || path === undefined ? null : key({ workload, slot, path });
}

function key({ workload, slot, path }: { workload: string; slot: number | string; path: string }): string {
  return JSON.stringify([workload, String(slot), path]);
}
