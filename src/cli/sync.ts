import type { SyncOutcome } from "../http/control_app.ts";
import { type Command, type CommandInput, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

/** One line up, and nothing on it: https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
const UP_AND_CLEAR = "\x1b[1A\x1b[2K";

export const sync: Command = {
  name: "sync",
  usage: "[--wait] [--force]",
  summary: "Look at the repository now",
  options: [
    { flag: "--wait", doc: "until all is applied and healthy; exit code 1 if it is not" },
    { flag: "--force", doc: "wait for no maintenance window, and try again what was set aside" },
    ...CONFIG_FLAG.options,
  ],
  flags: { wait: { type: "boolean" }, force: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const wait = input.flags.wait === true;
    const options = {
      method: "POST" as const,
      body: { wait, force: input.flags.force === true },
      signal: input.signal,
    };
    if (!wait) return end(input, await daemon.json<SyncOutcome>("/sync", options));
    const show = progressLines(input);
    let outcome: SyncOutcome | null = null;
    for await (const line of daemon.lines<{ progress: string } | { done: SyncOutcome }>("/sync", options)) {
      if ("done" in line) outcome = line.done;
      else show(`  ${line.progress}`);
    }
    return outcome === null ? EXIT.interrupted : end(input, outcome);
  },
};

/** A count that goes on is drawn over itself; where no person looks, it is said once. */
function progressLines({ note, terminal }: Pick<CommandInput, "note" | "terminal">): (line: string) => void {
  const said = new Set<string>();
  let last = "";
  return (line) => {
    const words = line.replace(/\d+(\.\d+)?/g, "0");
    if (terminal) note(words === last ? `${UP_AND_CLEAR}${line}` : line);
    else if (!said.has(words)) note(line);
    last = words;
    said.add(words);
  };
}

function end({ out, note }: CommandInput, outcome: SyncOutcome) {
  if (outcome.ok) out(outcome.message);
  else {
    note(`error: ${outcome.message}`);
    if (outcome.hint !== null) note(`  hint: ${outcome.hint}`);
  }
  return outcome.ok ? EXIT.done : EXIT.failed;
}
