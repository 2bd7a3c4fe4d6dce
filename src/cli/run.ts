import { runWithReload } from "../daemon/run_with_reload.ts";
import { SdNotify } from "../daemon/sd_notify.ts";
import { configureLog, registerSecret } from "../log.ts";
import { reloadSettings } from "../settings/reload_settings.ts";
import { secretValues } from "../settings/secret_values.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { loadSettingsOrFail, settingsLocation } from "./load_settings.ts";

export const run: Command = {
  name: "run",
  usage: "",
  summary: "Run the daemon in the foreground (also: harbornode alone, beside a config.toml)",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 0, max: 0 },
  async run(input) {
    const notify = SdNotify.take(Deno.env, Deno.pid);
    const settings = await loadSettingsOrFail(input);
    if (settings === null) return EXIT.problems;
    const end = await runWithReload({
      settings,
      notify,
      signal: input.signal,
      begin: async (settings) => {
        // Those of settings before stay hidden too.
        for (const secret of secretValues(settings)) registerSecret(secret);
        await configureLog(settings.log, input.note);
      },
      renew: async (current) => await reloadSettings(current, await settingsLocation(input)),
      onHangup,
    });
    return { stopped: EXIT.done, down: EXIT.down, upgraded: EXIT.upgraded }[end];
  },
};

/** Of one that a person started, a hangup is the end of the terminal, and of the daemon with it. */
function onHangup(reload: () => void): () => void {
  if (Deno.stdin.isTerminal()) return () => {};
  Deno.addSignalListener("SIGHUP", reload);
  return () => Deno.removeSignalListener("SIGHUP", reload);
}
