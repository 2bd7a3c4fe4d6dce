import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const rollback: Command = {
  name: "rollback",
  usage: "NAME [--to FINGERPRINT]",
  summary: "Go back to what was healthy, until git asks for something else",
  options: [
    { flag: "--to FINGERPRINT", doc: 'one that "history" marks as kept; its first digits will do' },
    ...CONFIG_FLAG.options,
  ],
  flags: { to: { type: "string" }, ...CONFIG_FLAG.flags },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const name = input.positionals[0]!;
    const { message } = await daemon.json<{ message: string }>(`/workloads/${encodeURIComponent(name)}/rollback`, {
      method: "POST",
      body: { to: input.flags.to ?? null },
      signal: input.signal,
    });
    input.out(message);
    return EXIT.done;
  },
};
