/**
 * [pure] Sizes of the texts that a revision may hold. They are compared with the list of files before a text is read, so
 * that a text that is too large is named and never loaded.
 */
import type { Problem } from "../model/problem.ts";

/** A manifest, `harbornode.toml`, or a file that `env_file` names. The longest of real fleets have 4 KiB. */
export const MAX_MANIFEST_BYTES = 64 * 1024;

/** `vars.toml`, which may have an overlay for each device of a fleet. */
export const MAX_VARIABLES_BYTES = 256 * 1024;

/** `devices.toml`, which no device reads. */
export const MAX_FLEET_BYTES = 1024 * 1024;

/** A file of `secrets/`: 64 KiB of age's binary form, in armour and in base64 again. */
export const MAX_SECRET_FILE_BYTES = 128 * 1024;

/** All texts of a revision that a device loads at once: manifests, variables, secrets and `env_file`s, each path counted. */
export const MAX_TEXTS_BYTES = 16 * 1024 * 1024;

/** Files that `env_file` of one manifest names. */
export const MAX_ENV_FILES = 16;

/** The problem of a text that is over its limit; null for one that is within. */
export function sizeProblem(
  { path, size }: { path: string; size: number },
  max: number,
  hint: string,
): Problem | null {
  if (size <= max) return null;
  return { file: path, field: "", message: `the file has ${sizeText(size)}, and ${sizeText(max)} is the limit`, hint };
}

/** "64 KiB", "62.9 MB" */
export function sizeText(bytes: number): string {
  if (bytes % (1024 * 1024) === 0) return `${bytes / 1024 / 1024} MiB`;
  if (bytes % 1024 === 0) return `${bytes / 1024} KiB`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
