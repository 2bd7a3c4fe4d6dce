import type { LogLine } from "../runtime/runtime.ts";
import { parseTimestamp } from "../schema/timestamp.ts";
import { type Command, type CommandInput, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const logs: Command = {
  name: "logs",
  usage: "NAME [-f] [--tail N] [--since TIME]",
  summary: "Print a workload's output",
  options: [
    { flag: "-f, --follow", doc: "go on with what comes" },
    { flag: "-n, --tail N", doc: "begin with the last N lines (100; with --since all of them)" },
    { flag: "--since TIME", doc: 'since "10m" ago, or "2026-11-21T07:00:00Z"' },
    ...CONFIG_FLAG.options,
  ],
  flags: {
    follow: { type: "boolean", short: "f" },
    tail: { type: "string", short: "n" },
    since: { type: "string" },
    ...CONFIG_FLAG.flags,
  },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const query = rangeOf(input.flags);
    if (input.flags.follow === true) query.set("follow", "1");
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const name = encodeURIComponent(input.positionals[0]!);
    const path = `/workloads/${name}/logs?${query}`;
    const seen = new Set<number>();
    for await (const line of daemon.lines<LogLine>(path, { signal: input.signal })) {
      seen.add(line.slot);
      input.out(seen.size > 1 ? `[${line.slot}] ${line.text}` : line.text);
    }
    return input.signal.aborted ? EXIT.interrupted : EXIT.done;
  },
};

function rangeOf({ tail, since }: CommandInput["flags"]): URLSearchParams {
  const query = new URLSearchParams();
  if (typeof tail === "string") {
    if (!/^\d{1,5}$/.test(tail) || Number(tail) > 10_000) {
      throw new UsageError(`--tail is "${tail}", wanted a number from 0 to 10000`);
    }
    query.set("tail", tail);
  }
  if (typeof since === "string") {
    const from = parseTimestamp(since, Date.now());
    if (from === null) throw new UsageError(`--since is "${since}", wanted "10m" or "2026-11-21T07:00:00Z"`);
    query.set("since", new Date(from).toISOString());
  }
  return query;
}
