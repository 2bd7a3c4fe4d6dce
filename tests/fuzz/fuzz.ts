/**
 * How fuzz runs are seeded: the same seed every time, so that a run that fails says something of the change before it.
 * `SLOW=1` takes another one and many more runs; `SEED=` takes up a run that was printed.
 */
// deno-lint-ignore-file no-console -- a run that cannot be taken up again found nothing
import type { Parameters } from "fast-check";

const SLOW = Deno.env.get("SLOW") === "1";
const GIVEN = Deno.env.get("SEED");
const FIXED = 20_261_121;

export const SEED = GIVEN !== undefined ? Number(GIVEN) : SLOW ? Date.now() % 2 ** 31 : FIXED;

console.log(`fuzz: SEED=${SEED}${SLOW ? " SLOW=1" : ""}`);

/** How often: `runs` as a rule, many times that in the long form. */
export function rounds(runs: number): number {
  return SLOW ? runs * 40 : runs;
}

/** For `fc.assert`. A long run that found something says it without hours of making it smaller. */
export function fuzz<T>(runs: number): Parameters<T> {
  return { seed: SEED, numRuns: rounds(runs), endOnFailure: SLOW };
}

/** What would move a cursor, or hide text, where a person reads a message. */
// deno-lint-ignore no-control-regex -- these must not be there
export const UNPRINTABLE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
