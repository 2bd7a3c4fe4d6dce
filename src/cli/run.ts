import { runDaemon } from "../daemon/daemon.ts";
import { configureLog, registerSecret } from "../log.ts";
import { secretsIn } from "../settings/secrets_in.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { settingsOf } from "./settings_of.ts";

export const run: Command = {
  name: "run",
  usage: "",
  summary: "Run the daemon in the foreground (also: harbornode alone, beside a config.toml)",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 0, max: 0 },
  async run(input) {
    const settings = await settingsOf(input);
    if (settings === null) return EXIT.problems;
    for (const secret of secretsIn(settings)) registerSecret(secret);
    await configureLog(settings.log, input.note);
    const end = await runDaemon({ settings, signal: input.signal });
    return end === "down" ? EXIT.down : EXIT.done;
  },
};
