import { type Command, CONFIG_FLAG } from "./command.ts";
import { forEachWorkload } from "./for_each_workload.ts";

export const resume: Command = {
  name: "resume",
  usage: "NAME...",
  summary: "Follow git again, after suspend, stop or rollback",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => forEachWorkload(input, "resume"),
};
