import type { Command } from "./command.ts";
import { forEachWorkload, SUSPEND_FLAGS } from "./for_each_workload.ts";

export const start: Command = {
  name: "start",
  usage: "NAME... [--for DURATION]",
  summary: "Start workloads that were stopped here, or that git switches off",
  options: [
    { flag: "--for DURATION", doc: "of what git switches off: for this long (default: until released)" },
    ...SUSPEND_FLAGS.options,
  ],
  flags: SUSPEND_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => forEachWorkload(input, "start"),
};
