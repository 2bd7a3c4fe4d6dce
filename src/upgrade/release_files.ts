/** [pure] A release: a folder of files on a server, and its SHA256SUMS, which says what it is. */
import { Failure } from "../failure.ts";
import { RELEASE_VERSION } from "../model/release_version.ts";

/** As the files of a release are called. */
export type Architecture = "x86_64" | "aarch64";

export interface Release {
  version: string;
  /** As "harbornode version" says it. */
  commit: string;
  /** SHA-256 in hexadecimal, by the name of the file. */
  hashes: ReadonlyMap<string, string>;
}

const PROJECT = "https://github.com/harbornode/harbornode/releases";

/**
 * The folder of a version, or of the newest one (`version` null). `base` is the owner's own: "{version}" in it stands
 * for the version, and without it the folder holds the one version that there is.
 */
export function releaseDirectory({ base, version }: { base: string | null; version: string | null }): string {
  const directory = base ?? (version === null ? `${PROJECT}/latest/download` : `${PROJECT}/download/v{version}`);
  if (version === null && directory.includes("{version}")) {
    throw new Failure(`"${directory}" has a folder for each version, and none was named`, {
      kind: "mistake",
      reason: "release_invalid",
      hint: "name one: harbornode upgrade --version VERSION",
    });
  }
  return directory.replaceAll("{version}", version ?? "").replace(/\/+$/, "");
}

export function executableName(architecture: Architecture): string {
  return `harbornode-linux-${architecture}`;
}

const TITLE = /^# harbornode (\S+) ([0-9a-f]{7,40}(?:\+changes)?|unknown)$/;
const LINE = /^([0-9a-f]{64}) [ *](harbornode-linux-(?:x86_64|aarch64)(?:\.gz)?)$/;

/** Throws a `Failure` for a text that is not what `deno task compile` writes, or that leaves out one of the files. */
export function readSums(text: string): Release {
  const [title = "", ...lines] = text.split("\n");
  const [, version = "", commit = ""] = TITLE.exec(title) ?? [];
  if (!RELEASE_VERSION.test(version)) {
    throw unusable('does not begin with a line like "# harbornode 0.2.0 4f2c91a"');
  }
  const hashes = new Map<string, string>();
  for (const line of lines) {
    if (line === "") continue;
    const [, hash, name] = LINE.exec(line) ?? [];
    if (hash === undefined || name === undefined || hashes.has(name)) {
      throw unusable("has a line that is none of its own");
    }
    hashes.set(name, hash);
  }
  return { version, commit, hashes };
}

/** What a release has for an architecture: the hash of the executable, and of the packed one. */
export function hashesFor(release: Release, architecture: Architecture): { plain: string; packed: string } {
  const name = executableName(architecture);
  const [plain, packed] = [release.hashes.get(name), release.hashes.get(`${name}.gz`)];
  if (plain === undefined || packed === undefined) throw unusable(`has no line for "${name}" and "${name}.gz"`);
  return { plain, packed };
}

function unusable(what: string): Failure {
  return new Failure(`the SHA256SUMS of the release ${what}`, {
    kind: "mistake",
    reason: "release_invalid",
    hint: "look at what release_url below [daemon] of config.toml leads to",
  });
}
