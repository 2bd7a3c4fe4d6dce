/**
 * The revision that the daemon processes, written down before it begins and removed when it has ended. A daemon that
 * finds one knows that the daemon before it died meanwhile.
 */
import { type Format, readVersioned, writeVersioned } from "./versioned_file.ts";

export interface RevisionAttempt {
  revision: string;
  /** The HarborNode that processed it. Another version may do better. */
  version: string;
  /** Set while the processing is under way; null when it was interrupted by an orderly stop, or is set aside. */
  begun: AttemptTime | null;
  /** How often daemons died over this revision, and when they last did, in milliseconds since 1970. */
  deaths: number;
  diedAt: number | null;
  /** What the deaths weigh together. */
  weight: number;
}

/** A point of time that no wrong clock moves. */
export interface AttemptTime {
  bootId: string;
  /** Seconds since that boot. */
  uptime: number;
}

export const ATTEMPT: Format<RevisionAttempt> = {
  version: 1,
  check(value) {
    const attempt = value as Partial<RevisionAttempt> | null;
    if (attempt === null || typeof attempt !== "object" || typeof attempt.revision !== "string") return null;
    return typeof attempt.weight === "number" && attempt.begun !== undefined ? attempt as RevisionAttempt : null;
  },
};

export function readAttempt(path: string): Promise<RevisionAttempt | null> {
  return readVersioned(path, ATTEMPT);
}

export function writeAttempt(path: string, attempt: RevisionAttempt): Promise<void> {
  return writeVersioned(path, ATTEMPT, attempt);
}

export async function removeAttempt(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
