import type { Command } from "./command.ts";
import { forEachWorkload, OVERRIDE_FLAGS } from "./for_each_workload.ts";

export const start: Command = {
  name: "start",
  usage: "NAME... [--for DURATION]",
  summary: "Start stopped workloads, or those that git switches off",
  options: [
    { flag: "--for DURATION", doc: 'how long what git switches off runs (default: until "harbornode resume")' },
    ...OVERRIDE_FLAGS.options,
  ],
  flags: OVERRIDE_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => forEachWorkload(input, "start"),
};
