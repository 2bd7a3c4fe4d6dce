/** Looks at a release on its server: what it is, whether it may be believed, and what of it is for this device. */
import { Failure } from "../failure.ts";
import type { Settings } from "../settings/settings.ts";
import { type AllowedSigner, readAllowedSigners } from "../signature/allowed_signers.ts";
import { MAX_SIGNATURE_BYTES, MAX_SUMS_BYTES } from "./release_limits.ts";
import { type Architecture, executableName, hashesFor, readSums, releaseDirectory } from "./release_files.ts";
import { RELEASE_SIGNERS } from "./release_signers.ts";
import { type Get, get, shown } from "./release_request.ts";
import { type Verified, verifyRelease } from "./verify_release_signature.ts";

/** An executable that may be brought. */
export interface ResolvedRelease extends Verified {
  version: string;
  commit: string;
  /** Without "/" at the end. */
  directory: string;
  /** Of the packed one. */
  url: string;
  hashes: { plain: string; packed: string };
}

export interface ResolveOptions {
  /** Null: the newest one. */
  version: string | null;
  from: Settings["daemon"];
  architecture?: Architecture;
  /** Milliseconds since 1970. */
  now: number;
  signal: AbortSignal;
  silenceMs?: number;
}

/** Throws a `Failure` for a release that is not there, is another version, or is not signed as this device asks. */
export async function resolveRelease(
  { version, from, architecture = Deno.build.arch, now, signal, silenceMs }: ResolveOptions,
): Promise<ResolvedRelease> {
  const directory = releaseDirectory({ base: from.releaseUrl, version });
  const asked = { signal, ...(silenceMs === undefined ? {} : { silenceMs }) };
  const sums = await bytesOf(`${directory}/SHA256SUMS`, { maxBytes: MAX_SUMS_BYTES, ...asked });
  if (sums === null) throw missing(directory, version);
  const signers = await signersOf(from.releaseSigners);
  // Not even asked for where nobody could be believed.
  const signature = signers.length === 0
    ? null
    : await bytesOf(`${directory}/SHA256SUMS.sig`, { maxBytes: MAX_SIGNATURE_BYTES, ...asked });
  const armored = signature === null ? null : new TextDecoder().decode(signature);
  const { by } = verifyRelease({ sums, signature: armored }, { signers, now });
  const release = readSums(new TextDecoder().decode(sums));
  if (version !== null && release.version !== version) {
    throw new Failure(`"${shown(directory)}" holds version ${release.version}, and ${version} was asked for`, {
      kind: "mistake",
      reason: "release_invalid",
      hint: "write {version} into release_url below [daemon] of config.toml, or have the mirror hold that version",
    });
  }
  const url = `${directory}/${executableName(architecture)}.gz`;
  return {
    by,
    version: release.version,
    commit: release.commit,
    directory,
    url,
    hashes: hashesFor(release, architecture),
  };
}

/** Read anew each time, so that a key that is taken out counts for nothing from then on. */
async function signersOf(file: string | null): Promise<AllowedSigner[]> {
  const text = file === null ? RELEASE_SIGNERS : await Deno.readTextFile(file).catch((error) => {
    throw unreadable(`"${file}" cannot be read: ${error instanceof Error ? error.message : error}`);
  });
  const list = readAllowedSigners(text);
  if (!Array.isArray(list)) throw unreadable(`line ${list.line} of ${file ?? "the built-in list"} ${list.message}`);
  if (file !== null && list.length === 0) throw unreadable(`"${file}" names nobody`);
  return list;
}

function unreadable(what: string): Failure {
  return new Failure(`The list of those who sign releases is no list: ${what}`, {
    kind: "mistake",
    reason: "signers_unreadable",
    hint: "mend it: its lines are names, options and a key, as in ssh-keygen(1) under ALLOWED SIGNERS",
  });
}

async function bytesOf(url: string, options: Get): Promise<Uint8Array | null> {
  const received = await get(url, options);
  if (received === null) return null;
  try {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of received.chunks) parts.push(chunk);
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } finally {
    await received.close();
  }
}

function missing(directory: string, version: string | null): Failure {
  const what = version === null ? "no release" : `no version ${version}`;
  return new Failure(`there is ${what} in "${shown(directory)}"`, {
    kind: "mistake",
    reason: "release_unreachable",
    hint: "look at the version, and at release_url below [daemon] of config.toml",
  });
}
