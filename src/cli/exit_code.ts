/** What a command's end means to a script. The table is public: `harbornode help` and the README print it. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  problems: 3,
  unreachable: 4,
  locked: 5,
  down: 6,
  upgraded: 7,
  changes: 10,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: readonly [ExitCode, string][] = [
  [EXIT.done, "done"],
  [EXIT.failed, "failed"],
  [EXIT.usage, "wrong usage"],
  [EXIT.problems, "manifests or settings have problems"],
  [EXIT.unreachable, "repository, runtime or daemon cannot be reached"],
  [EXIT.locked, "another daemon holds the data_dir"],
  [EXIT.down, 'run: ended because "harbornode down" was said; do not start it again'],
  [EXIT.upgraded, "run: ended so that another executable takes over; start it again"],
  [EXIT.changes, "plan --exit-code: there is something to do"],
  [EXIT.interrupted, "interrupted"],
];
