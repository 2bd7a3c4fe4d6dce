import { newerState } from "../store/state_formats.ts";
import { CHECK_START } from "../upgrade/preflight_executable.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { loadSettingsOrFail } from "./load_settings.ts";

/** What an upgrade asks of an executable before it takes the place of another one; no command for people. Changes nothing. */
export const preflight: Command = {
  name: CHECK_START,
  usage: "",
  summary: "Whether this executable could start here",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 0, max: 0 },
  async run(input) {
    const settings = await loadSettingsOrFail(input);
    if (settings === null) return EXIT.problems;
    const [newer] = await newerState(settings.dataDir);
    if (newer === undefined) return EXIT.done;
    const who = newer.by === null ? "a newer HarborNode" : `HarborNode ${newer.by}`;
    input.note(`error: "${newer.path}" is of format ${newer.found} by ${who}, and this one reads up to ${newer.known}`);
    return EXIT.failed;
  },
};
