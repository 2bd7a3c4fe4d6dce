/**
 * Follows the version of HarborNode that git asks for: brings it beside the passes, waits for a good moment, puts it in
 * place and ends, so that the next start runs it. Whoever starts daemons goes back when that one does not work.
 */
import { asFailure, type Failure, isOfDisk } from "../failure.ts";
import { logger } from "../log.ts";
import { daemonVersionDenial } from "../model/policy/daemon_version.ts";
import type { UpgradeStatus } from "../model/snapshot.ts";
import { isRolloutOpen } from "../reconciler/pipeline/revision_progress.ts";
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
import type { OperationDeps } from "../operations/operation_deps.ts";
import type { DaemonEnd } from "./daemon_end.ts";

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

export interface UpgradeFollowerOptions extends
  Pick<
    OperationDeps,
    "settings" | "clock" | "clockMonitor" | "sync" | "reconciler" | "executor" | "events" | "feed" | "stopped"
  > {
  /** Ends the daemon. */
  stop(end: DaemonEnd): void;
}

/** The only writer of the status of an upgrade. */
export class UpgradeFollower {
  readonly #options: UpgradeFollowerOptions;
  #status: UpgradeStatus | null = null;

  constructor(options: UpgradeFollowerOptions) {
    this.#options = options;
  }

  /** What git asks of HarborNode itself; null for nothing. */
  get status(): UpgradeStatus | null {
    return this.#status;
  }

  /** Follows the desired version until the daemon stops. Never throws. */
  async loop(): Promise<void> {
    let progress: Progress | null = null;
    if (OWN_EXECUTABLE !== null) await this.#discardUnwanted(upgradePaths(OWN_EXECUTABLE));
    while (!this.#options.stopped.aborted) {
      progress = progressOf(this.#options.sync.desired?.daemon?.version ?? null, progress);
      try {
        await this.#follow(progress);
      } catch (error) {
        if (this.#options.stopped.aborted) return;
        this.#recordFailure({ progress, failure: asFailure(error) });
      }
      await this.#options.clock.sleep(TICK_MS, this.#options.stopped).catch(() => {});
    }
  }

  /** What an earlier daemon began to bring, unless it may still be wanted. */
  async #discardUnwanted(places: UpgradePaths): Promise<void> {
    if (this.#options.sync.desired?.daemon === undefined) await discardNext(places);
  }

  async #follow(progress: Progress | null): Promise<void> {
    const problems = this.#options.sync.desired?.daemon?.problems ?? [];
    if (problems.length > 0) {
      const message = "harbornode.toml has problems, and the version that runs stays";
      return this.#setStatus({ wanted: null, state: "invalid", reason: "invalid_manifest", message, problems });
    }
    if (progress === null) return this.#setStatus(null);
    const { wanted } = progress;
    const places = OWN_EXECUTABLE === null ? null : upgradePaths(OWN_EXECUTABLE);
    if (wanted === VERSION) {
      const isLongUp = this.#options.clockMonitor.uptimeMs > FORGET_AFTER_MS;
      if (isLongUp && this.#status?.state !== "current" && places !== null) await forgetRefused(places);
      return this.#setStatus({ wanted, state: "current", message: `${VERSION} runs, as the repository asks` });
    }
    const denied = daemonVersionDenial(wanted, { running: VERSION, policy: this.#options.settings.policy });
    if (denied !== null) return this.#setStatus({ wanted, state: "denied", ...denied });
    if (places === null) {
      const message = `the repository asks for version ${wanted}, and this daemon runs from source`;
      return this.#setStatus({ wanted, state: "unsupported", message });
    }
    if (await this.#isOver({ wanted, places })) return;
    if (this.#options.clock.monotonic() < progress.notBefore) return;
    if (progress.sha256 === null) await this.#fetch({ progress, places });
    const { sha256 } = progress;
    if (sha256 === null) return;
    const wait = this.#waitReason();
    if (wait !== null) return this.#setStatus({ wanted, state: "waiting", reason: "upgrade_waiting", message: wait });
    await swap(places, { version: wanted, sha256, from: VERSION });
    this.#finish(wanted);
  }

  /** Whether it was tried, and nothing is left to do: it did not work, or it is in place. */
  async #isOver({ wanted, places }: { wanted: string; places: UpgradePaths }): Promise<boolean> {
    const refused = await readRefused(places);
    if (refused !== null && refused.version === wanted) {
      const message = `version ${wanted} did not work here: ${refused.why}, and ${VERSION} runs again`;
      const hint = `ask for another version in git, or try it again: "harbornode upgrade --version ${wanted}"`;
      this.#setStatus({ wanted, state: "refused", reason: "upgrade_refused", message, hint });
      return true;
    }
    if (refused !== null) await forgetRefused(places);
    const trial = await readTrial(places);
    if (trial?.version !== wanted) return false;
    this.#setInstalled(wanted);
    return true;
  }

  /** Given up as soon as git asks for something else. */
  async #fetch({ progress, places }: { progress: Progress; places: UpgradePaths }): Promise<void> {
    const { wanted } = progress;
    const { settings, clock } = this.#options;
    const unwanted = new AbortController();
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#options.stopped, unwanted.signal]);
    const say = (message: string) => this.#setStatus({ wanted, state: "downloading", message });
    this.#cancelUnwanted({ wanted, unwanted, ended: ended.signal });
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

  async #cancelUnwanted(
    { wanted, unwanted, ended }: { wanted: string; unwanted: AbortController; ended: AbortSignal },
  ): Promise<void> {
    while (!ended.aborted) {
      await this.#options.clock.sleep(TICK_MS, ended).catch(() => {});
      if (this.#options.sync.desired?.daemon?.version !== wanted) {
        return unwanted.abort(new Error("git asks for something else"));
      }
    }
  }

  /** Null for now: no window is closed, and nothing is under way that a daemon should see to its end. */
  #waitReason(): string | null {
    if (this.#options.reconciler.shutdown !== null) return "everything is being stopped";
    const closed = removalWindowClosed(this.#options.reconciler.planInput());
    if (closed !== null) return closed.message;
    const rollout = this.#options.reconciler.progress.workloads.find(isRolloutOpen)?.workload.name;
    const busy = rollout ?? [...this.#options.executor.operations.keys()][0];
    return busy === undefined ? null : `it is here, and waits until ${busy} has come to rest`;
  }

  /** Whoever started us starts the new one; where nobody does, the device would be left without a daemon. */
  #finish(wanted: string): void {
    this.#setInstalled(wanted);
    if (isSupervised()) this.#options.stop("upgraded");
  }

  #setInstalled(wanted: string): void {
    const message = isSupervised()
      ? `version ${wanted} is in place of ${VERSION}, and is started now`
      : `version ${wanted} is in place of ${VERSION}, and counts from the next start on`;
    const hint = isSupervised() ? null : "nobody is known who would start this daemon again: restart it by hand";
    this.#setStatus({ wanted, state: "installed", reason: "upgrade_waiting", message, hint });
  }

  #recordFailure({ progress, failure }: { progress: Progress | null; failure: Failure }): void {
    if (progress === null) return log.error("{message}", { message: failure.message });
    // Room on a disk is made by somebody who then looks whether it helped.
    const isPassing = failure.kind === "transient" || isOfDisk(failure.reason);
    const first = isPassing ? FIRST_WAIT_MS : MISTAKE_WAIT_MS;
    const waitMs = Math.min(LONGEST_WAIT_MS, first * 2 ** progress.failures++) * (0.5 + Math.random() / 2);
    progress.notBefore = this.#options.clock.monotonic() + waitMs;
    progress.sha256 = null;
    const { reason, message, hint = null } = failure;
    this.#setStatus({ wanted: progress.wanted, state: "failed", reason, message, hint });
  }

  /** What came before is told once, and what passes by is no event. */
  #setStatus(status: Pick<UpgradeStatus, "wanted" | "state" | "message"> & Partial<UpgradeStatus> | null): void {
    const before = this.#status;
    this.#status = status === null ? null : { reason: null, hint: null, problems: [], ...status };
    const upgrade = this.#status;
    if (upgrade?.state === before?.state && upgrade?.message === before?.message) return;
    const isEvent = upgrade !== null && !["current", "downloading", "waiting"].includes(upgrade.state);
    if (isEvent) {
      this.#options.events.add({
        workload: null,
        reason: upgrade.reason ?? "upgrade_waiting",
        message: upgrade.message,
      });
      const level = upgrade.state === "installed" ? "info" : "warn";
      log[level]("{message}", { message: upgrade.message, hint: upgrade.hint ?? "" });
    }
    this.#options.feed.notify();
  }
}

function progressOf(wanted: string | null, before: Progress | null): Progress | null {
  if (wanted === null) return null;
  return before?.wanted === wanted ? before : { wanted, failures: 0, notBefore: 0, sha256: null };
}

/** systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager". */
function isSupervised(): boolean {
  return Deno.env.has("NOTIFY_SOCKET") || Deno.env.has("INVOCATION_ID");
}
