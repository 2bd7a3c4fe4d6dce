import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Check } from "../check.ts";
import { type Finding, orOk, problem, skipped, warning } from "../finding.ts";

export interface DiskFacts {
  path: string;
  /** Null where it cannot be looked at. */
  disk: { freeBytes: number; totalBytes: number; freeFiles: number; totalFiles: number } | null;
  /** What downloads leave free. */
  reserveBytes: number;
}

export const disk: Check<DiskFacts, "settings"> = {
  group: "storage",
  name: "disk",
  needs: ["settings"],
  async gather({ settings: { dataDir, limits } }) {
    const facts = { path: dataDir, reserveBytes: limits.diskReserveBytes };
    for (let path = dataDir;; path = dirname(path)) {
      const found = await statfs(path).catch(() => null);
      if (found !== null) {
        const { bavail, blocks, bsize, ffree, files } = found;
        const disk = { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: ffree, totalFiles: files };
        return { ...facts, disk };
      }
      if (dirname(path) === path) return { ...facts, disk: null };
    }
  },
  evaluate({ path, disk, reserveBytes }) {
    if (disk === null) return [skipped("it cannot be looked at", "sudo harbornode doctor")];
    const { freeBytes, totalBytes, freeFiles, totalFiles } = disk;
    const free = `${sizeText(freeBytes)} of ${sizeText(totalBytes)} free`;
    const found: Finding[] = [];
    const who = `see what is large: sudo du -xhd1 ${path}; docker system df`;
    if (freeBytes < reserveBytes) {
      found.push(problem(`${free}: nothing is downloaded below disk_reserve (${sizeText(reserveBytes)})`, who));
    } else if (freeBytes < 2 * reserveBytes) {
      found.push(warning(`${free}, and disk_reserve is ${sizeText(reserveBytes)}`, who));
    }
    // Some file systems make files as they need them, and tell none.
    if (totalFiles > 0 && freeFiles < totalFiles / 50) {
      const message = `${freeFiles} of ${totalFiles} files are left to be made`;
      const hint = `see where they are: sudo du -x --inodes -d1 ${path}`;
      found.push(freeFiles === 0 ? problem(message, hint) : warning(message, hint));
    }
    return orOk(found, free);
  },
};

function sizeText(bytes: number): string {
  const gibibytes = bytes / 1024 ** 3;
  return gibibytes >= 1 ? `${gibibytes.toFixed(1)} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
