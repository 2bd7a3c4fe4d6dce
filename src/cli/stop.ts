import type { Command } from "./command.ts";
import { HOLD_FLAGS, sayOfEach } from "./say_of_each.ts";

export const stop: Command = {
  name: "stop",
  usage: "NAME... [--for DURATION]",
  summary: "Stop workloads, and keep them stopped",
  options: [
    { flag: "--for DURATION", doc: 'keep it so for this long, like "2h" (default: until released)' },
    ...HOLD_FLAGS.options,
  ],
  flags: HOLD_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => sayOfEach(input, "stop"),
};
