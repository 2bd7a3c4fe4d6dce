/** Limits of `fetch_limits.ts` that a revision's list of files exceeds, as phrases that continue "The repository has ...". */
import { quoted } from "../model/escape.ts";
import { MAX_CONTENT_BYTES, MAX_DEPTH, MAX_ENTRIES, MAX_PATH_BYTES } from "./fetch_limits.ts";
import type { TreeEntry } from "./source.ts";
import { formatMegabytes } from "../model/size.ts";

/** Counts paths that are too long or too deep, and keeps the first of each. */
export class PathLimits {
  #long = { count: 0, first: "" };
  #deep = { count: 0, first: "" };

  /** Returns whether the path of a file is within both limits. */
  accepts(path: string): boolean {
    const isLong = path.length > MAX_PATH_BYTES || new TextEncoder().encode(path).length > MAX_PATH_BYTES;
    const isDeep = depthOf(path) > MAX_DEPTH;
    if (isLong && this.#long.count++ === 0) this.#long.first = path;
    if (isDeep && this.#deep.count++ === 0) this.#deep.first = path;
    return !isLong && !isDeep;
  }

  phrases(): string[] {
    const [long, deep] = [this.#long, this.#deep];
    return [
      ...(long.count === 0 ? [] : [`${paths(long.count)} over ${MAX_PATH_BYTES} bytes (${shown(long.first)})`]),
      ...(deep.count === 0 ? [] : [`${paths(deep.count)} with more than ${MAX_DEPTH} folders (${shown(deep.first)})`]),
    ];
  }
}

/** Adds up content by path, so that a content under 60 paths counts 60 times. */
export class ContentSum {
  #bytes = 0;
  #largest = { path: "", size: 0, paths: 0 };

  /** Returns whether the sum is still within the limit. */
  add({ path, size }: Pick<TreeEntry, "path" | "size">, paths = 1): boolean {
    this.#bytes += size * paths;
    if (size * paths > this.#largest.size * this.#largest.paths) this.#largest = { path, size, paths };
    return this.#bytes <= MAX_CONTENT_BYTES;
  }

  phrase(): string {
    const { path, size, paths } = this.#largest;
    const most = `${shown(path)} alone has ${formatMegabytes(size)}${paths === 1 ? "" : ` under ${paths} paths`}`;
    return `more than ${MAX_CONTENT_BYTES / 1024 / 1024} MiB of files, counted by path (${most})`;
  }
}

/** Every limit that the entries exceed; empty when all hold. Reads nothing but the list. */
export function exceededLimits(entries: readonly Pick<TreeEntry, "path" | "oid" | "type" | "size">[]): string[] {
  const found: string[] = [];
  if (entries.length > MAX_ENTRIES) found.push(`more than ${MAX_ENTRIES} files`);
  const limits = new PathLimits();
  for (const { path } of entries) limits.accepts(path);
  found.push(...limits.phrases());
  const sum = new ContentSum();
  const byOid = Map.groupBy(entries.filter(({ type }) => type !== "submodule"), ({ oid }) => oid);
  let isWithin = true;
  for (const same of byOid.values()) isWithin = sum.add(same[0]!, same.length) && isWithin;
  if (!isWithin) found.push(sum.phrase());
  return found;
}

function depthOf(path: string): number {
  return path.split("/").length - 1;
}

function paths(count: number): string {
  return count === 1 ? "1 path" : `${count} paths`;
}

/** Whoever can commit chooses the path, and it ends up in terminals. */
function shown(path: string): string {
  return quoted(path.length > 80 ? `${path.slice(0, 60)}...${path.slice(-17)}` : path);
}
