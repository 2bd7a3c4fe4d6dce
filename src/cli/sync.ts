import type { SyncOutcome } from "../http/control.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { settingsOf } from "./settings_of.ts";

export const sync: Command = {
  name: "sync",
  usage: "[--wait]",
  summary: "Look at the repository now",
  options: [
    { flag: "--wait", doc: "until the revision is applied and healthy, showing progress; exit 1 if it is not" },
    ...CONFIG_FLAG.options,
  ],
  flags: { wait: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const settings = await settingsOf(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const wait = input.flags.wait === true;
    const options = { method: "POST" as const, body: { wait }, signal: input.signal };
    if (!wait) return end(input, await daemon.json<SyncOutcome>("/sync", options));
    let outcome: SyncOutcome | null = null;
    for await (const line of daemon.lines<{ progress: string } | { done: SyncOutcome }>("/sync", options)) {
      if ("done" in line) outcome = line.done;
      else input.note(`  ${line.progress}`);
    }
    return outcome === null ? EXIT.interrupted : end(input, outcome);
  },
};

function end({ out, note }: Parameters<Command["run"]>[0], outcome: SyncOutcome) {
  if (outcome.ok) out(outcome.message);
  else {
    note(`error: ${outcome.message}`);
    if (outcome.hint !== null) note(`  hint: ${outcome.hint}`);
  }
  return outcome.ok ? EXIT.done : EXIT.failed;
}
