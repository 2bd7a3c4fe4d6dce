import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const accept: Command = {
  name: "accept",
  usage: "[REVISION]",
  summary: "Accept a force-pushed branch",
  options: [...CONFIG_FLAG.options],
  flags: CONFIG_FLAG.flags,
  positionals: { min: 0, max: 1 },
  async run(input) {
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const { message } = await daemon.json<{ message: string }>("/accept", {
      method: "POST",
      body: { revision: input.positionals[0] ?? null },
      signal: input.signal,
    });
    input.out(message);
    return EXIT.done;
  },
};
