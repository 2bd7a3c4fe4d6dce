import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const down: Command = {
  name: "down",
  usage: "",
  summary: "Stop all workloads and the daemon; volumes and data stay",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 0, max: 0 },
  async run(input) {
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const lines = daemon.lines<{ progress: string } | { done: { names: string[] } }>("/down", {
      method: "POST",
      signal: input.signal,
    });
    for await (const line of lines) {
      if ("progress" in line) input.note(`  ${line.progress}`);
      else {
        const { names } = line.done;
        input.out(names.length === 0 ? "nothing was running" : `stopped ${names.join(", ")}`);
      }
    }
    return EXIT.done;
  },
};
