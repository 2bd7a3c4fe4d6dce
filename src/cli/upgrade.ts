import { Failure } from "../failure.ts";
import { compareVersions, RELEASE_VERSION } from "../model/release_version.ts";
import type { Settings } from "../settings/settings.ts";
import { download } from "../upgrade/download_release.ts";
import { type ResolvedRelease, resolveRelease } from "../upgrade/resolve_release.ts";
import { OWN_EXECUTABLE } from "../upgrade/own_executable.ts";
import { checkNext, takePrevious } from "../upgrade/swap_executable.ts";
import { readRefused, type UpgradePaths, upgradePaths } from "../upgrade/upgrade_trial.ts";
import { COMMIT, VERSION } from "../version.ts";
import { type Command, type CommandInput, CONFIG_FLAG, UsageError } from "./command.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { loadSettingsOrFail } from "./load_settings.ts";
import { restartAfterSwap } from "./restart_after_swap.ts";

export const upgrade: Command = {
  name: "upgrade",
  usage: "[--version V | --previous] [--check]",
  summary: "Put another version of HarborNode in place; workloads run on",
  options: [
    { flag: "--version V", doc: "this one, also an older one (default: the newest there is)" },
    { flag: "--check", doc: "only say whether there is a newer one" },
    { flag: "--previous", doc: "go back to the executable before, which lies beside this one" },
    ...CONFIG_FLAG.options,
  ],
  flags: {
    version: { type: "string" },
    check: { type: "boolean" },
    previous: { type: "boolean" },
    ...CONFIG_FLAG.flags,
  },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const version = versionOf(input.flags);
    const places = ownPlaces();
    const settings = await loadSettingsOrFail(input);
    if (settings === null) return EXIT.problems;
    if (input.flags.previous === true) return await goBack(input, { settings, places });
    if (version === VERSION) return runsAlready(input);
    const { signal } = input;
    const found = await resolveRelease({ version, from: settings.daemon, now: Date.now(), signal });
    const isNewer = compareVersions(found.version, VERSION) > 0;
    if (input.flags.check === true) return tellCheck(input, { found, isNewer });
    if (version === null && !isNewer) return isNewest(input, found);
    if (version === null) await refuseRefused(places, found);
    needRoot();
    return await bringAndStart(input, { settings, places, found });
  },
};

function versionOf({ version, check, previous }: CommandInput["flags"]): string | null {
  if (previous === true && (version !== undefined || check === true)) {
    throw new UsageError("--previous goes with no other option: it names the version already");
  }
  if (typeof version !== "string") return null;
  const plain = version.replace(/^v/, "");
  if (!RELEASE_VERSION.test(plain)) throw new UsageError(`--version is "${version}", wanted one like 0.2.0`);
  return plain;
}

function ownPlaces(): UpgradePaths {
  if (OWN_EXECUTABLE !== null) return upgradePaths(OWN_EXECUTABLE);
  throw new Failure("this HarborNode runs from source, and has no executable to put another one in its place", {
    kind: "mistake",
    reason: "internal_error",
    hint: "bring the checkout up to date with git",
  });
}

function runsAlready({ out }: CommandInput): ExitCode {
  out(`harbornode ${VERSION} is here already`);
  return EXIT.done;
}

function isNewest({ out }: CommandInput, { version }: ResolvedRelease): ExitCode {
  const older = version === VERSION ? "" : ` (${version} is the newest that "release_url" has)`;
  out(`harbornode ${VERSION} is the newest there is${older}`);
  return EXIT.done;
}

function tellCheck(input: CommandInput, { found, isNewer }: { found: ResolvedRelease; isNewer: boolean }): ExitCode {
  if (!isNewer) return isNewest(input, found);
  input.out(`harbornode ${found.version} can be had, and this is ${VERSION}`);
  input.note('  hint: "harbornode upgrade" brings it');
  return EXIT.done;
}

/** What was tried once is tried again only by its name. */
async function refuseRefused(places: UpgradePaths, { version }: ResolvedRelease): Promise<void> {
  const refused = await readRefused(places);
  if (refused === null || refused.version !== version) return;
  throw new Failure(`version ${version} did not work here: ${refused.why}`, {
    kind: "mistake",
    reason: "upgrade_refused",
    hint: `"harbornode upgrade --version ${version}" tries it again`,
  });
}

function needRoot(): void {
  if (Deno.uid() === 0) return;
  throw new Failure(`you may not replace "${OWN_EXECUTABLE}"`, {
    kind: "refused",
    reason: "permission_denied",
    hint: "use sudo",
  });
}

interface Target {
  settings: Settings;
  places: UpgradePaths;
}

async function bringAndStart(input: CommandInput, { settings, places, found }: Target & { found: ResolvedRelease }) {
  const { note, signal } = input;
  note(`harbornode ${VERSION} (${COMMIT}) -> ${found.version} (${found.commit}) from ${found.directory}`);
  await download(found, { path: places.next, progress: (message) => note(`  ${message}`), signal });
  note(
    found.by === null
      ? "  its checksum is right; who made it is not known, since no key of those who sign releases is"
      : `  its checksum is right, and it is signed by ${found.by}`,
  );
  const options = { config: settings.file, note: (message: string) => note(`  ${message}`), signal };
  await checkNext(places, { ...options, wanted: found, newerState: "refuse" });
  const tried = { version: found.version, sha256: found.hashes.plain, from: VERSION };
  return await restartAfterSwap(input, { settings, places, tried });
}

/** State that the older one cannot read is set aside, and counts again with this one: the owner wants it all the same. */
async function goBack(input: CommandInput, { settings, places }: Target): Promise<ExitCode> {
  const { note, signal } = input;
  needRoot();
  const sha256 = await takePrevious(places);
  const options = { config: settings.file, note: (message: string) => note(`  ${message}`), signal };
  const { version, commit } = await checkNext(places, { ...options, wanted: null, newerState: "tell" });
  note(`harbornode ${VERSION} (${COMMIT}) -> ${version} (${commit}), which was here before`);
  return await restartAfterSwap(input, { settings, places, tried: { version, sha256, from: VERSION } });
}
