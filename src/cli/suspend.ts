import type { Command } from "./command.ts";
import { forEachWorkload, SUSPEND_FLAGS } from "./for_each_workload.ts";

export const suspend: Command = {
  name: "hold",
  usage: "NAME... [--for DURATION]",
  summary: "Keep workloads as last applied, whatever git says",
  options: [
    { flag: "--for DURATION", doc: 'keep it so for this long, like "2h" (default: until released)' },
    ...SUSPEND_FLAGS.options,
  ],
  flags: SUSPEND_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => forEachWorkload(input, "hold"),
};
