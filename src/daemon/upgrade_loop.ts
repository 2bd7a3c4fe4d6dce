/**
 * Follows the version of HarborNode that git asks for: brings it beside the passes, waits for a good moment, puts it in
 * place and ends, so that the next start runs it. Whoever starts daemons goes back when that one does not work.
 */
import { asFailure, type Failure, isOfDisk } from "../failure.ts";
import { logger } from "../log.ts";
import { daemonVersionDenial } from "../model/policy/daemon_version.ts";
import type { UpgradeStatus } from "../model/snapshot.ts";
import { removalWindowClosed } from "../reconciler/pipeline/gates/gate.ts";
import { resolveRelease } from "../upgrade/resolve_release.ts";
import { download } from "../upgrade/download_release.ts";
import { OWN_EXECUTABLE } from "../upgrade/own_executable.ts";
import { checkNext, swap } from "../upgrade/swap_executable.ts";
import {
  discardNext,
  forgetRefused,
  readRefused,
  readTrial,
  type UpgradePaths,
  upgradePaths,
} from "../upgrade/upgrade_trial.ts";
import { VERSION } from "../version.ts";
import { addEvent, type Device, notifyListeners } from "./device.ts";
import { planInput } from "../reconciler/reconciler.ts";

const log = logger("upgrade");

/** How soon a wish of git's is seen, and a window that opens. Nothing is looked at on the disk while there is none. */
const TICK_MS = 2_000;
/** Of tries that failed, the first and the longest wait: half of it is left to chance, so that a fleet spreads. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 6 * 60 * 60_000;
/** Where somebody has to do something first, and the line may be metered. */
const MISTAKE_WAIT_MS = 60 * 60_000;

/** Whoever waits for what became of an upgrade reads it before. */
const FORGET_AFTER_MS = 60_000;

/** What was done for a wish so far. */
interface Progress {
  wanted: string;
  failures: number;
  /** Not tried before; on the clock that only goes forward. */
  notBefore: number;
  /** The hash of what is here, and has shown that it would start; null before. */
  sha256: string | null;
}

/** Until the daemon stops. Never throws but for that. */
export async function upgradeLoop(device: Device): Promise<void> {
  let progress: Progress | null = null;
  if (OWN_EXECUTABLE !== null) await forgetUnwanted(device, upgradePaths(OWN_EXECUTABLE));
  while (!device.stopped.aborted) {
    progress = progressOf(device.desired?.daemon?.version ?? null, progress);
    try {
      await turn(device, progress);
    } catch (error) {
      if (device.stopped.aborted) return;
      fail(device, { progress, failure: asFailure(error) });
    }
    await device.clock.sleep(TICK_MS, device.stopped).catch(() => {});
  }
}

/** What an earlier daemon began to bring, unless it may still be wanted. */
async function forgetUnwanted({ desired }: Device, places: UpgradePaths): Promise<void> {
  if (desired?.daemon === undefined) await discardNext(places);
}

function progressOf(wanted: string | null, before: Progress | null): Progress | null {
  if (wanted === null) return null;
  return before?.wanted === wanted ? before : { wanted, failures: 0, notBefore: 0, sha256: null };
}

async function turn(device: Device, progress: Progress | null): Promise<void> {
  const problems = device.desired?.daemon?.problems ?? [];
  if (problems.length > 0) {
    const message = "harbornode.toml has problems, and the version that runs stays";
    return show(device, { wanted: null, state: "invalid", reason: "invalid_manifest", message, problems });
  }
  if (progress === null) return show(device, null);
  const { wanted } = progress;
  const places = OWN_EXECUTABLE === null ? null : upgradePaths(OWN_EXECUTABLE);
  if (wanted === VERSION) {
    const isLongUp = device.clock.monotonic() - device.startedMonotonic > FORGET_AFTER_MS;
    if (isLongUp && device.upgrade?.state !== "current" && places !== null) await forgetRefused(places);
    return show(device, { wanted, state: "current", message: `${VERSION} runs, as the repository asks` });
  }
  const denied = daemonVersionDenial(wanted, { running: VERSION, policy: device.settings.policy });
  if (denied !== null) return show(device, { wanted, state: "denied", ...denied });
  if (places === null) {
    const message = `the repository asks for version ${wanted}, and this daemon runs from source`;
    return show(device, { wanted, state: "unsupported", message });
  }
  if (await isOver(device, { wanted, places })) return;
  if (device.clock.monotonic() < progress.notBefore) return;
  if (progress.sha256 === null) await bring(device, { progress, places });
  const { sha256 } = progress;
  if (sha256 === null) return;
  const wait = whyNotNow(device);
  if (wait !== null) return show(device, { wanted, state: "waiting", reason: "upgrade_waiting", message: wait });
  await swap(places, { version: wanted, sha256, from: VERSION });
  end(device, wanted);
}

/** Whether it was tried, and nothing is left to do: it did not work, or it is in place. */
async function isOver(device: Device, { wanted, places }: { wanted: string; places: UpgradePaths }): Promise<boolean> {
  const refused = await readRefused(places);
  if (refused !== null && refused.version === wanted) {
    const message = `version ${wanted} did not work here: ${refused.why}, and ${VERSION} runs again`;
    const hint = `ask for another version in git, or try it again: "harbornode upgrade --version ${wanted}"`;
    show(device, { wanted, state: "refused", reason: "upgrade_refused", message, hint });
    return true;
  }
  if (refused !== null) await forgetRefused(places);
  const trial = await readTrial(places);
  if (trial?.version !== wanted) return false;
  showInstalled(device, wanted);
  return true;
}

/** Given up as soon as git asks for something else. */
async function bring(
  device: Device,
  { progress, places }: { progress: Progress; places: UpgradePaths },
): Promise<void> {
  const { wanted } = progress;
  const { settings, clock } = device;
  const unwanted = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([device.stopped, unwanted.signal]);
  const say = (message: string) => show(device, { wanted, state: "downloading", message });
  giveUpUnwanted(device, { wanted, unwanted, ended: ended.signal });
  try {
    say(`looking for version ${wanted}`);
    const found = await resolveRelease({ version: wanted, from: settings.daemon, now: clock.now(), signal });
    await download(found, { path: places.next, progress: (message) => say(`${wanted}, ${message}`), signal });
    const note = (message: string) => log.warn("{message}", { message });
    await checkNext(places, { wanted: found, config: settings.file, newerState: "refuse", note, signal });
    const by = found.by === null
      ? "its checksum is right, and nobody is known who signs releases"
      : `signed by ${found.by}`;
    log.info("version {wanted} is here: {by}", { wanted, by });
    progress.sha256 = found.hashes.plain;
    progress.failures = 0;
  } catch (error) {
    if (!unwanted.signal.aborted) throw error;
  } finally {
    ended.abort();
  }
}

async function giveUpUnwanted(
  device: Device,
  { wanted, unwanted, ended }: { wanted: string; unwanted: AbortController; ended: AbortSignal },
): Promise<void> {
  while (!ended.aborted) {
    await device.clock.sleep(TICK_MS, ended).catch(() => {});
    if (device.desired?.daemon?.version !== wanted) return unwanted.abort(new Error("git asks for something else"));
  }
}

/** Null for now: no window is closed, and nothing is under way that a daemon should see to its end. */
function whyNotNow(device: Device): string | null {
  if (device.shutdownKind !== null) return "everything is being stopped";
  const closed = removalWindowClosed(planInput(device));
  if (closed !== null) return closed.message;
  const rollout = device.snapshot?.workloads.find((workload) => workload.rollout !== null)?.name;
  const busy = rollout ?? [...device.operations.keys()][0];
  return busy === undefined ? null : `it is here, and waits until ${busy} has come to rest`;
}

/** Whoever started us starts the new one; where nobody does, the device would be left without a daemon. */
function end(device: Device, wanted: string): void {
  showInstalled(device, wanted);
  if (isSupervised()) device.stop("upgraded");
}

function showInstalled(device: Device, wanted: string): void {
  const message = isSupervised()
    ? `version ${wanted} is in place of ${VERSION}, and is started now`
    : `version ${wanted} is in place of ${VERSION}, and counts from the next start on`;
  const hint = isSupervised() ? null : "nobody is known who would start this daemon again: restart it by hand";
  show(device, { wanted, state: "installed", reason: "upgrade_waiting", message, hint });
}

/** systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager". */
function isSupervised(): boolean {
  return Deno.env.has("NOTIFY_SOCKET") || Deno.env.has("INVOCATION_ID");
}

function fail(device: Device, { progress, failure }: { progress: Progress | null; failure: Failure }): void {
  if (progress === null) return log.error("{message}", { message: failure.message });
  // Room on a disk is made by somebody who then looks whether it helped.
  const isPassing = failure.kind === "transient" || isOfDisk(failure.reason);
  const first = isPassing ? FIRST_WAIT_MS : MISTAKE_WAIT_MS;
  const waitMs = Math.min(LONGEST_WAIT_MS, first * 2 ** progress.failures++) * (0.5 + Math.random() / 2);
  progress.notBefore = device.clock.monotonic() + waitMs;
  progress.sha256 = null;
  const { reason, message, hint = null } = failure;
  show(device, { wanted: progress.wanted, state: "failed", reason, message, hint });
}

/** What came before is told once, and what passes by is no event. */
function show(
  device: Device,
  status: Pick<UpgradeStatus, "wanted" | "state" | "message"> & Partial<UpgradeStatus> | null,
): void {
  const before = device.upgrade;
  device.upgrade = status === null ? null : { reason: null, hint: null, problems: [], ...status };
  const { upgrade } = device;
  if (upgrade?.state === before?.state && upgrade?.message === before?.message) return;
  const isEvent = upgrade !== null && !["current", "downloading", "waiting"].includes(upgrade.state);
  if (isEvent) {
    addEvent(device, { workload: null, reason: upgrade.reason ?? "upgrade_waiting", message: upgrade.message });
    const level = upgrade.state === "installed" ? "info" : "warn";
    log[level]("{message}", { message: upgrade.message, hint: upgrade.hint ?? "" });
  }
  notifyListeners(device);
}
