import type { Command } from "./command.ts";
import { HOLD_FLAGS, sayOfEach } from "./say_of_each.ts";

export const hold: Command = {
  name: "hold",
  usage: "NAME... [--for DURATION]",
  summary: "Keep workloads as last applied, whatever git says",
  options: [
    { flag: "--for DURATION", doc: 'keep it so for this long, like "2h" (default: until released)' },
    ...HOLD_FLAGS.options,
  ],
  flags: HOLD_FLAGS.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => sayOfEach(input, "hold"),
};
