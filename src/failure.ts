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

/** The failure itself, or a `bug` wrapped as one, so that callers can always show a reason and a sentence. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Failure(text, { kind: "transient", reason: "internal_error", cause: error });
}
