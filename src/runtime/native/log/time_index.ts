/** [pure] When which part of a log was written, as far as it was looked at: positions with the time of the last write. */

export interface TimeMark {
  /** All bytes before this position were written at or before `time`. */
  position: number;
  /** Milliseconds since 1970. */
  time: number;
}

/** Half an hour of marks a second. Each is two numbers, so that two hundred chatty services cost a few megabytes. */
const MOST = 2048;
/** Then of older ones as many go as leave gaps of a hundredth of their age: `--since 1h` is right to 36 seconds. */
const OF_AGE = 1 / 100;
/** And more, where a year of output still leaves too many: what is left has room for some minutes. */
const FULL = 3 / 4;
/** One mark a second: a person asks for minutes. */
const EVERY_MS = 1000;
/** Times of files are those of the last timer tick, which is up to 10 ms ago (CONFIG_HZ=100); twice that is safe. */
const LAG_MS = 20;

export class TimeIndex {
  #all: TimeMark[];

  constructor(all: readonly TimeMark[] = []) {
    this.#all = [...all];
  }

  get all(): readonly TimeMark[] {
    return this.#all;
  }

  get last(): TimeMark | undefined {
    return this.#all.at(-1);
  }

  /** Whether a file of this end and time of last write deserves a mark. A clock that was set back deserves one too. */
  wants({ position, time }: TimeMark): boolean {
    const { last } = this;
    return last === undefined || (position > last.position && Math.abs(time - last.time) >= EVERY_MS);
  }

  /** True when older marks were thinned out for it. */
  add(mark: TimeMark): boolean {
    this.#all.push(mark);
    if (this.#all.length <= MOST) return false;
    // Ends whatever the clock did: in the end the share is so large that every gap is below it.
    for (let share = OF_AGE; this.#all.length > MOST * FULL; share *= 2) this.#all = thinned(this.#all, share);
    return true;
  }

  /** Marks before this position say nothing any more. */
  forgetBefore(position: number): void {
    const first = this.#all.findIndex((mark) => mark.position >= position);
    // The one before it stays: it tells when what is kept begins.
    this.#all = first < 0 ? this.#all.slice(-1) : this.#all.slice(Math.max(0, first - 1));
  }

  /**
   * The last known position with nothing behind it left out that was written after `time`; 0 when none is known. After
   * a clock that jumped it may be too early, never too late.
   */
  before(time: number): number {
    const later = this.#all.findIndex((mark) => mark.time > time - LAG_MS);
    return this.#all[(later < 0 ? this.#all.length : later) - 1]?.position ?? 0;
  }
}

/** Without those whose neighbours are no further apart than this share of their age, which is never negative. */
function thinned(marks: readonly TimeMark[], share: number): TimeMark[] {
  const newest = marks.at(-1);
  const kept: TimeMark[] = [];
  for (const [index, mark] of marks.entries()) {
    const [before, after] = [kept.at(-1), marks[index + 1]];
    const gap = before === undefined || after === undefined ? Infinity : Math.abs(after.time - before.time);
    if (gap > Math.abs(newest!.time - mark.time) * share) kept.push(mark);
  }
  return kept;
}
