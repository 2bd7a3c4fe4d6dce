/** The new executable takes the place of the one that runs: checked first, whole at every moment, and on trial. */
import { dirname } from "node:path";
import { Failure } from "../failure.ts";
import { syncDirectory } from "../store/atomic_file.ts";
import { type Build, preflight, readBuildInfo } from "./preflight_executable.ts";
import { hashOf } from "./download_release.ts";
import { beginTrial, type Trial, type UpgradePaths } from "./upgrade_trial.ts";

export interface CheckOptions {
  /** What the executable has to be; null for whatever it says it is. */
  wanted: Build | null;
  /** As the daemon is told; null for what it finds by itself. */
  config: string | null;
  /** Of state that it cannot read: refuse it, or go on and say so. */
  newerState: "refuse" | "tell";
  note: (message: string) => void;
  signal: AbortSignal;
}

/** The build at `places.next`, once it has shown that it would start here. Throws a `Failure` for one that would not. */
export async function checkNext({ next }: UpgradePaths, options: CheckOptions): Promise<Build> {
  const { wanted, config, newerState, note, signal } = options;
  const build = await readBuildInfo(next, signal);
  // "unknown": made without git at hand.
  const isWanted = wanted === null ||
    (build.version === wanted.version && [build.commit, "unknown"].includes(wanted.commit));
  if (!isWanted) {
    const said = `${build.version} (${build.commit})`;
    throw refusal(`the new executable says that it is ${said}, and the release ${wanted.version} (${wanted.commit})`);
  }
  const { verdict, message } = await preflight(next, { config, signal });
  if (verdict === "problems") throw refusal(`${build.version} cannot use config.toml: ${message}`);
  if (verdict === "ready") return build;
  // One that does not know the question is from before the first release, and nobody knows what it would make of the state.
  const sentence = verdict === "state"
    ? `${build.version} cannot read all of the state: ${message}`
    : `${build.version} cannot say whether it could read the state`;
  if (newerState === "refuse") throw refusal(sentence, "state_newer");
  note(sentence);
  return build;
}

/**
 * `places.next`, which must be checked and is what `tried` says, becomes the executable, and the one that was is
 * `places.previous`. Cut off at any point, there is a whole executable; one of which the trial had begun and the swap not
 * is the old one, which ends it. Throws a `Failure` where somebody else has put another file there meanwhile.
 */
export async function swap(places: UpgradePaths, tried: Trial): Promise<void> {
  const { executable, previous, next } = places;
  if (await hashOf(next) !== tried.sha256) throw refusal("somebody else brings another executable at the same time");
  const beside = `${previous}.tmp`;
  await Deno.remove(beside).catch(() => {});
  await Deno.link(executable, beside);
  await Deno.rename(beside, previous);
  // Of two names of one file a rename changes nothing: https://pubs.opengroup.org/onlinepubs/9699919799/functions/rename.html
  await Deno.remove(beside).catch(() => {});
  await beginTrial(places, tried);
  await Deno.rename(next, executable);
  await syncDirectory(dirname(executable));
}

/** `places.previous`, to be checked and swapped in as any other; returns its hash. Throws a `Failure` where there is none. */
export async function takePrevious({ previous, next }: UpgradePaths): Promise<string> {
  await Deno.remove(next).catch(() => {});
  await Deno.copyFile(previous, next).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw refusal(`there is no "${previous}" to go back to`);
  });
  await Deno.chmod(next, 0o755);
  using file = await Deno.open(next);
  await file.sync();
  return await hashOf(next) ?? "";
}

function refusal(message: string, reason: "release_invalid" | "state_newer" = "release_invalid"): Failure {
  const hint = reason === "state_newer"
    ? 'stay with this version, or go back by hand: "harbornode upgrade --previous"'
    : "nothing was changed";
  return new Failure(message, { kind: "mistake", reason, hint });
}
