import type { Command } from "./command.ts";
import { forEachWorkload, OVERRIDE_FLAGS } from "./for_each_workload.ts";

export const suspend: Command = {
  name: "suspend",
  usage: "NAME... [--for DURATION]",
  summary: "Ignore changes from git for a while",
  options: [
    { flag: "--for DURATION", doc: 'how long, like "2h" (default: until "harbornode resume")' },
    ...OVERRIDE_FLAGS.options,
  ],
  flags: OVERRIDE_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => forEachWorkload(input, "suspend"),
};
