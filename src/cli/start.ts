import type { Command } from "./command.ts";
import { HOLD_FLAGS, sayOfEach } from "./say_of_each.ts";

export const start: Command = {
  name: "start",
  usage: "NAME... [--for DURATION]",
  summary: "Start workloads that were stopped here, or that git switches off",
  options: [
    { flag: "--for DURATION", doc: "of what git switches off: for this long (default: until released)" },
    ...HOLD_FLAGS.options,
  ],
  flags: HOLD_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => sayOfEach(input, "start"),
};
