import type { Snapshot } from "../model/snapshot.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { settingsOf } from "./settings_of.ts";
import { showStatus } from "./show_status.ts";

export const status: Command = {
  name: "status",
  usage: "[--json]",
  summary: "Show what runs, how it is, and why",
  options: [{ flag: "--json", doc: "the object that GET /api/v1/status gives" }, ...CONFIG_FLAG.options],
  flags: { json: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const settings = await settingsOf(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const snapshot = await daemon.json<Snapshot>("/status", { signal: input.signal });
    input.out(input.flags.json === true ? JSON.stringify(snapshot, null, 2) : showStatus(snapshot, Date.now()));
    return EXIT.done;
  },
};
