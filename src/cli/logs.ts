import type { LogLine } from "../runtime/runtime.ts";
import { type Command, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { settingsOf } from "./settings_of.ts";

export const logs: Command = {
  name: "logs",
  usage: "NAME [-f] [--tail N]",
  summary: "Print a workload's output",
  options: [
    { flag: "-f, --follow", doc: "go on with what comes" },
    { flag: "-n, --tail N", doc: "begin with the last N lines (default 100)" },
    ...CONFIG_FLAG.options,
  ],
  flags: {
    follow: { type: "boolean", short: "f" },
    tail: { type: "string", short: "n" },
    ...CONFIG_FLAG.flags,
  },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const tail = input.flags.tail ?? "100";
    if (typeof tail !== "string" || !/^\d{1,5}$/.test(tail)) {
      throw new UsageError(`--tail is "${tail}", wanted a number from 0 to 10000`);
    }
    const settings = await settingsOf(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const name = encodeURIComponent(input.positionals[0]!);
    const follow = input.flags.follow === true ? "&follow=1" : "";
    const path = `/workloads/${name}/logs?tail=${tail}${follow}`;
    const seen = new Set<number>();
    for await (const line of daemon.lines<LogLine>(path, { signal: input.signal })) {
      seen.add(line.slot);
      input.out(seen.size > 1 ? `[${line.slot}] ${line.text}` : line.text);
    }
    return input.signal.aborted ? EXIT.interrupted : EXIT.done;
  },
};
