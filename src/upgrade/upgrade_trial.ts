/**
 * What lies beside the executable, and the trial of a new one. While `harbornode.trial` is there, whoever starts the
 * daemon leaves a line in it, and puts `harbornode.previous` back when the new one did not work: in a few lines of shell
 * (ExecStartPre of systemd/harbornode.service), since the new one may be able to do nothing at all. The daemon ends the
 * trial by removing the file; what was put back lies in `harbornode.refused`, which is the trial's file by another name.
 */
import { dirname } from "node:path";
import { syncDirectory, writeAtomic } from "../store/atomic_file.ts";

/** The paths beside an executable. */
export interface UpgradePaths {
  executable: string;
  /** The build before. */
  previous: string;
  /** On its way here; nothing of it counts. */
  next: string;
  trial: string;
  refused: string;
}

export function upgradePaths(executable: string): UpgradePaths {
  const beside = (word: string) => `${executable}.${word}`;
  return {
    executable,
    previous: beside("previous"),
    next: beside("new"),
    trial: beside("trial"),
    refused: beside("refused"),
  };
}

/** Which build is on trial, or was refused. */
export interface Trial {
  version: string;
  /** SHA-256 of the executable. */
  sha256: string;
  /** The version that it took the place of. */
  from: string;
}

export interface RejectedVersion extends Trial {
  why: string;
}

export async function beginTrial({ trial, refused }: UpgradePaths, { version, sha256, from }: Trial): Promise<void> {
  await Deno.remove(refused).catch(() => {});
  await writeAtomic(trial, `version ${version}\nsha256 ${sha256}\nfrom ${from}\n`);
}

/** Null while none is under way. */
export async function readTrial({ trial }: UpgradePaths): Promise<Trial | null> {
  return triedIn(await textOf(trial));
}

/** The build that did not work here, and why; null for none. */
export async function readRefused({ refused }: UpgradePaths): Promise<RejectedVersion | null> {
  const text = await textOf(refused);
  const tried = triedIn(text);
  if (tried === null) return null;
  const isLate = /^late$/m.test(text!);
  return { ...tried, why: isLate ? "it was not ready in time" : "it ended twice before it had settled" };
}

/** The executable works: from now on nothing puts another one in its place. What was on trial, or null. */
export async function endTrial(places: UpgradePaths): Promise<Trial | null> {
  const tried = await readTrial(places);
  await Deno.remove(places.trial).catch(() => {});
  if (tried !== null) await syncDirectory(dirname(places.executable));
  return tried;
}

/** What a download that was killed left behind. Nobody may be bringing another one. */
export async function discardNext({ next }: UpgradePaths): Promise<void> {
  await Deno.remove(next).catch(() => {});
}

/** The refused build may be tried again. */
export async function forgetRefused({ refused }: UpgradePaths): Promise<void> {
  await Deno.remove(refused).catch(() => {});
}

function triedIn(text: string | null): Trial | null {
  const [, version] = /^version (\S+)$/m.exec(text ?? "") ?? [];
  if (version === undefined) return null;
  const [, sha256 = ""] = /^sha256 ([0-9a-f]{64})$/m.exec(text!) ?? [];
  const [, from = ""] = /^from (\S+)$/m.exec(text!) ?? [];
  return { version, sha256, from };
}

async function textOf(path: string): Promise<string | null> {
  return await Deno.readTextFile(path).catch(() => null);
}
