import { type Command, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const prune: Command = {
  name: "prune",
  usage: "--confirm [REVISION]",
  summary: "Confirm a pending removal",
  options: [
    { flag: "--confirm", doc: "remove what is pending; with a REVISION, only if that one asks for it" },
    ...CONFIG_FLAG.options,
  ],
  flags: { confirm: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 1 },
  async run(input) {
    if (input.flags.confirm !== true) throw new UsageError("prune does nothing without --confirm");
    const revision = input.positionals[0] ?? null;
    if (revision !== null && !/^[0-9a-f]{4,64}$/.test(revision)) {
      throw new UsageError(`"${revision}" is no revision: at least four digits of its commit id`);
    }
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const { names } = await daemon.json<{ names: string[] }>("/prune/confirm", {
      method: "POST",
      body: { revision },
      signal: input.signal,
    });
    input.out(names.length === 0 ? "no removal is pending" : `removing ${names.join(", ")}; volumes and data stay`);
    return EXIT.done;
  },
};
