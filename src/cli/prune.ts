import { type Command, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { settingsOf } from "./settings_of.ts";

export const prune: Command = {
  name: "prune",
  usage: "--confirm",
  summary: "Let a removal go ahead that waits for your word",
  options: [{ flag: "--confirm", doc: 'remove what "status" lists as held' }, ...CONFIG_FLAG.options],
  flags: { confirm: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    if (input.flags.confirm !== true) throw new UsageError("prune does nothing without --confirm");
    const settings = await settingsOf(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const { names } = await daemon.json<{ names: string[] }>("/prune/confirm", {
      method: "POST",
      signal: input.signal,
    });
    input.out(names.length === 0 ? "no removal waits" : `removing ${names.join(", ")}; volumes and data stay`);
    return EXIT.done;
  },
};
