import type { Snapshot } from "../model/snapshot.ts";
import { type Command, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { formatPendingRemoval, NO_PENDING_REMOVAL } from "./format/format_pending_removal.ts";
import { daemonLocation } from "./load_settings.ts";

export const prune: Command = {
  name: "prune",
  usage: "[--confirm [REVISION]]",
  summary: "List pending removals; --confirm removes them",
  options: [
    { flag: "--confirm", doc: "remove what is pending; with a REVISION, only if that revision asks for it" },
    ...CONFIG_FLAG.options,
  ],
  flags: { confirm: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 1 },
  async run(input) {
    const revision = input.positionals[0] ?? null;
    const isConfirmed = input.flags.confirm === true;
    if (revision !== null && !isConfirmed) throw new UsageError("a revision is given without --confirm");
    if (revision !== null && !/^[0-9a-f]{4,64}$/.test(revision)) {
      throw new UsageError(`"${revision}" is no revision: at least four digits of its commit id`);
    }
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    if (!isConfirmed) {
      input.out(formatPendingRemoval(await daemon.json<Snapshot>("/status", { signal: input.signal })));
      return EXIT.done;
    }
    const { names } = await daemon.json<{ names: string[] }>("/prune/confirm", {
      method: "POST",
      body: { revision },
      signal: input.signal,
    });
    input.out(names.length === 0 ? NO_PENDING_REMOVAL : `removing ${names.join(", ")}; volumes and data stay`);
    return EXIT.done;
  },
};
