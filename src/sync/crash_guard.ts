/**
 * Keeps a revision from killing one daemon after the other. The daemon writes down which revision it is about to process
 * (read, put on disk, plan once), and removes the note afterwards. A revision over which daemons died is set aside: it is
 * not processed again until the head changes, another version of HarborNode runs, or the operator asks for it.
 */
import { shortId } from "../model/git_ref.ts";
import { Failure } from "../failure.ts";
import { logger } from "../log.ts";
import {
  type AttemptTime,
  readAttempt,
  removeAttempt,
  type RevisionAttempt,
  writeAttempt,
} from "../store/revision_in_progress.ts";
import { VERSION } from "../version.ts";

const log = logger("sync");

/**
 * A death within this time of the beginning may be a kill or a power cut that only happened to fall into the processing,
 * which takes less than a second on most devices. systemd starts the next daemon a second after a death.
 */
const QUICK_S = 10;

/** A revision is set aside after two deaths late in the processing, or after five quick ones, whichever is first. */
const QUICK_WEIGHT = 1;
const LATE_WEIGHT = 3;
const MAX_WEIGHT = 4;

export class CrashGuard {
  readonly #path: string;
  readonly #uptime: () => AttemptTime;
  /** What is on disk, with a death added where the file told of one. */
  #attempt: RevisionAttempt | null;

  private constructor(path: string, uptime: () => AttemptTime, attempt: RevisionAttempt | null) {
    this.#path = path;
    this.#uptime = uptime;
    this.#attempt = attempt;
  }

  /** Only reads. `uptime` tells the point of time. */
  static async open(path: string, { uptime, now }: { uptime: () => AttemptTime; now: number }): Promise<CrashGuard> {
    const found = await readAttempt(path).catch((error) => {
      log.warn("cannot read {path}: {error}", { path, error });
      return null;
    });
    const known = found?.version === VERSION ? found : null;
    return new CrashGuard(path, uptime, known === null ? null : withDeath(known, { at: uptime(), now }));
  }

  /** Why the revision is not processed; null when it may be. */
  refusal(revision: string): Failure | null {
    const attempt = this.#attempt;
    if (attempt?.revision !== revision || attempt.begun !== null || attempt.weight <= MAX_WEIGHT) return null;
    const { deaths, diedAt } = attempt;
    const last = diedAt === null ? "" : `, last at ${new Date(diedAt).toISOString().slice(0, 19)}Z`;
    return new Failure(
      `Revision ${shortId(revision)} is set aside: the daemon died ${deaths} times while it processed it${last}`,
      {
        kind: "mistake",
        reason: "revision_set_aside",
        hint: 'push a commit that reverts or corrects it; "harbornode sync --force" tries it once more',
      },
    );
  }

  /** Writes down that the processing begins. Never throws: a disk that cannot be written keeps nothing from running. */
  async begin(revision: string): Promise<void> {
    const before = this.#attempt?.revision === revision ? this.#attempt : null;
    const { deaths = 0, diedAt = null, weight = 0 } = before ?? {};
    await this.#write({ revision, version: VERSION, begun: this.#uptime(), deaths, diedAt, weight });
  }

  /** Removes the note: the revision was processed, or refused in order. Never throws. */
  async end(revision: string): Promise<void> {
    if (this.#attempt?.revision !== revision || this.#attempt.begun === null) return;
    this.#attempt = null;
    await removeAttempt(this.#path).catch((error) => log.error("cannot remove {path}: {error}", this.#about(error)));
  }

  /** Writes down that the daemon itself ends the processing: no death. Never throws. */
  async interrupt(): Promise<void> {
    if (this.#attempt === null || this.#attempt.begun === null) return;
    if (this.#attempt.deaths === 0) return await this.end(this.#attempt.revision);
    await this.#write({ ...this.#attempt, begun: null });
  }

  /** Writes down that a revision is set aside, so that the next start knows it. Never throws. */
  async keep(): Promise<void> {
    if (this.#attempt !== null && this.#attempt.begun === null) await this.#write(this.#attempt);
  }

  /** Lets the revision that is set aside be processed once more; one death then sets it aside again. */
  allowAgain(): void {
    if (this.#attempt === null || this.#attempt.begun !== null) return;
    this.#attempt = { ...this.#attempt, weight: Math.min(this.#attempt.weight, MAX_WEIGHT) };
  }

  async #write(attempt: RevisionAttempt): Promise<void> {
    this.#attempt = attempt;
    await writeAttempt(this.#path, attempt).catch((error) => {
      log.error("cannot write {path}: {error}", this.#about(error));
    });
  }

  #about(error: unknown): { path: string; error: unknown } {
    return { path: this.#path, error };
  }
}

/** A note whose processing did not end tells of one more death. */
function withDeath(attempt: RevisionAttempt, { at, now }: { at: AttemptTime; now: number }): RevisionAttempt {
  const { begun, deaths, weight } = attempt;
  if (begun === null) return attempt;
  const isQuick = begun.bootId === at.bootId && at.uptime - begun.uptime < QUICK_S;
  const added = isQuick ? QUICK_WEIGHT : LATE_WEIGHT;
  return { ...attempt, begun: null, deaths: deaths + 1, diedAt: now, weight: weight + added };
}

/** Now, as `AttemptTime` counts. */
export async function attemptClock(): Promise<() => AttemptTime> {
  const bootId = await Deno.readTextFile("/proc/sys/kernel/random/boot_id").then((text) => text.trim(), () => "");
  return () => ({ bootId, uptime: Math.floor(Deno.osUptime()) });
}
