/** Resource limits of a process, see setrlimit(2). */

/** Soft and hard value of a resource limit; null is unlimited. */
export interface Limit {
  soft: number | null;
  hard: number | null;
}

/** Name of a resource limit, as prlimit(1) spells it. */
export type LimitName =
  | "as"
  | "core"
  | "cpu"
  | "data"
  | "fsize"
  | "locks"
  | "memlock"
  | "msgqueue"
  | "nice"
  | "nofile"
  | "nproc"
  | "rss"
  | "rtprio"
  | "rttime"
  | "sigpending"
  | "stack";
