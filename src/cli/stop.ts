import type { Command } from "./command.ts";
import { forEachWorkload, OVERRIDE_FLAGS } from "./for_each_workload.ts";

export const stop: Command = {
  name: "stop",
  usage: "NAME... [--for DURATION]",
  summary: "Stop workloads and keep them stopped",
  options: [
    { flag: "--for DURATION", doc: 'how long, like "2h" (default: until "harbornode resume")' },
    ...OVERRIDE_FLAGS.options,
  ],
  flags: OVERRIDE_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => forEachWorkload(input, "stop"),
};
