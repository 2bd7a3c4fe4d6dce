/** Workloads whose last operation failed, and when the operation is tried again. */
import type { Clock } from "../../clock.ts";
import { type Failure, isOfDisk } from "../../failure.ts";
import { canonical } from "../../model/fingerprint.ts";
import type { Workload } from "../../model/workload.ts";
import { backoff, RETRY_CURVE, spread } from "../pipeline/restart/backoff.ts";
import type { RetryState } from "../pipeline/retry_state.ts";

export class Retries {
  readonly #clock: Pick<Clock, "now">;
  readonly #maxDiskWaitMs: number;
  readonly #byWorkload = new Map<string, RetryState>();

  /** `maxDiskWaitMs` is the longest wait before an action that the disk refused is tried again. */
  constructor(clock: Pick<Clock, "now">, maxDiskWaitMs: number) {
    this.#clock = clock;
    this.#maxDiskWaitMs = maxDiskWaitMs;
  }

  get all(): ReadonlyMap<string, RetryState> {
    return this.#byWorkload;
  }

  /** Records a failed action for a spec. Returns whether the failure is another one than the last. */
  record(workload: string, { fingerprint, failure }: { fingerprint: string; failure: Failure }): boolean {
    const before = this.#byWorkload.get(workload);
    const failures = before?.fingerprint === fingerprint ? before.failures + 1 : 1;
    const { reason, message, hint, kind } = failure;
    const failedAt = this.#clock.now();
    const waitMs = failure.retryAfterMs ?? backoff(RETRY_CURVE, failures, spread(workload, failures));
    // Somebody who frees disk space looks soon whether that helped.
    const isForDisk = isOfDisk(reason);
    this.#byWorkload.set(workload, {
      fingerprint,
      failures,
      isFinal: !isForDisk && (kind === "mistake" || kind === "refused"),
      failedAt,
      retryAt: failedAt + (isForDisk ? Math.min(waitMs, this.#maxDiskWaitMs) : waitMs),
      reason,
      message,
      hint: hint ?? null,
    });
    return before?.message !== message;
  }

  /** Lets a workload be tried at once. */
  clear(workload: string): void {
    this.#byWorkload.delete(workload);
  }

  clearAll(): void {
    this.#byWorkload.clear();
  }

  /** Lets workloads whose spec changed be tried at once, also when the fingerprint stays the same. */
  clearChanged(before: readonly Workload[], after: readonly Workload[]): void {
    const known = new Map(before.map((spec) => [spec.name, spec]));
    for (const spec of after) if (canonical(known.get(spec.name)) !== canonical(spec)) this.clear(spec.name);
  }

  /** Lets every workload that waits for the disk be tried at once. */
  clearForDisk(): void {
    for (const [workload, { reason }] of this.#byWorkload) if (isOfDisk(reason)) this.clear(workload);
  }
}
