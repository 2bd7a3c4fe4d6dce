/**
 * Kinds of failure, and what each tells the loop to do. Every error that crosses from an edge (network, Docker, disk,
 * processes) into the daemon is a `Failure`; anything else that is thrown is a bug.
 */
import type { ReasonCode } from "./model/reason.ts";

/**
 * - `mistake`: a person must change something in git or in the settings; not tried again until it changed.
 * - `transient`: network, registry, a busy daemon; tried again with growing delay and jitter.
 * - `waiting`: something else has to happen first; looked at again when it did.
 * - `refused`: credentials, permission, a full disk; tried again slowly.
 */
export type FailureKind = "mistake" | "transient" | "waiting" | "refused";

export interface FailureDetail {
  kind: FailureKind;
  reason: ReasonCode;
  /** One thing the reader can do about it. */
  hint?: string;
  /** Earliest time of the next try as the other side asked for it (Retry-After), in milliseconds from now. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** An error for the person who reads it: `message` is one sentence without a final period, and holds no secret. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;
  readonly reason: ReasonCode;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, detail: FailureDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.kind = detail.kind;
    this.reason = detail.reason;
    this.hint = detail.hint;
    this.retryAfterMs = detail.retryAfterMs;
  }
}

/** Why a disk takes no write. */
export type DiskFault = "full" | "quota" | "read-only" | "broken";

/** errno(3) by name and number: Deno's errors carry a code, those that went through a text only a number or a name. */
const DISK_FAULTS: readonly [fault: DiskFault, pattern: RegExp][] = [
  ["full", /\bENOSPC\b|\bos error 28\b|No space left on device/],
  ["quota", /\bEDQUOT\b|\bos error 122\b|[Qq]uota exceeded/],
  ["read-only", /\bEROFS\b|\bos error 30\b|Read-only file system/],
  // EIO, EUCLEAN (a damaged file system), ESHUTDOWN (one that the kernel gave up).
  ["broken", /\b(EIO|EUCLEAN|ESHUTDOWN)\b|\bos error (5|117|108)\b|Input\/output error/],
];

const DISK_WORDS: Record<DiskFault, { is: string; reason: ReasonCode; hint: string }> = {
  "full": { is: "is full", reason: "disk_full", hint: "free some space on it" },
  "quota": { is: "has no quota left", reason: "disk_full", hint: "free some space on it, or raise the quota" },
  "read-only": {
    is: "is read-only",
    reason: "disk_read_only",
    hint: 'see why with "dmesg | tail"; then remount it with "mount -o remount,rw", or replace it',
  },
  "broken": {
    is: "does not work (input/output error)",
    reason: "disk_failed",
    hint: 'see what is wrong with "dmesg | tail"; replace the disk when it reports errors',
  },
};

/** Returns why the disk refused what threw `error`; null for every other error. */
export function diskFault(error: unknown): DiskFault | null {
  if (error instanceof Failure || !(error instanceof Error)) return null;
  const { code } = error as { code?: unknown };
  const text = typeof code === "string" ? code : error.message;
  return DISK_FAULTS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}

/** What is said of a disk with this fault: "is full". */
export function diskWords(fault: DiskFault): { is: string; reason: ReasonCode; hint: string } {
  return DISK_WORDS[fault];
}

/**
 * Returns the failure of a write that a disk refused; null for every other error. Its kind is `waiting`: the same write
 * is good as soon as the disk takes it.
 */
export function diskFailure(error: unknown): Failure | null {
  const fault = diskFault(error);
  if (fault === null) return null;
  const { is, reason, hint } = diskWords(fault);
  const [, path] = /'([^']+)'/.exec((error as Error).message) ?? [];
  const what = `cannot ${fault === "broken" ? "read or write" : "write"}${path === undefined ? "" : ` "${path}"`}`;
  return new Failure(`${what}: the disk ${is}`, { kind: "waiting", reason, hint, cause: error });
}

/** Whether a failure ends by itself as soon as the disk can be written, or has room, again. */
export function isOfDisk(reason: ReasonCode): boolean {
  return reason === "disk_full" || reason === "disk_read_only" || reason === "disk_failed" ||
    reason === "insufficient_disk";
}

/** The failure itself, or what was thrown wrapped as one, so that callers can always show a reason and a sentence. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const ofDisk = diskFailure(error);
  if (ofDisk !== null) return ofDisk;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Failure(text, { kind: "transient", reason: "internal_error", cause: error });
}
