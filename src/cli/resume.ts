import { type Command, CONFIG_FLAG } from "./command.ts";
import { forEachWorkload } from "./for_each_workload.ts";

export const resume: Command = {
  name: "release",
  usage: "NAME...",
  summary: "Let workloads that are held, stopped or rolled back follow git",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 1, max: 100 },
  run: (input) => forEachWorkload(input, "release"),
};
