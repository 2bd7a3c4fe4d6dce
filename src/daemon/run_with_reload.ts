/** One daemon after the other in one process: settings that were read again take effect in the next one. */
import { systemClock } from "../clock.ts";
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import type { SettingsReload } from "../settings/reload_settings.ts";
import type { Settings } from "../settings/settings.ts";
import { type DaemonOptions, runDaemon } from "./daemon.ts";
import type { DaemonEnd } from "./daemon_end.ts";
import { problemLine } from "../model/problem.ts";
import { startWatchdog, Watchdog } from "./watchdog.ts";
import { ConfigReload } from "./config_reload.ts";
import type { SdNotify } from "./sd_notify.ts";

const log = logger("daemon");

export interface RunOptions extends Pick<DaemonOptions, "signal" | "ready" | "settled"> {
  settings: Settings;
  notify: SdNotify;
  /** Called with the settings of each daemon before it begins. */
  begin(settings: Settings): Promise<void>;
  /** Reads the settings again. */
  renew(current: Settings): Promise<SettingsReload>;
  /** Calls back for whoever asks for that by a signal. Returns what ends it. */
  onHangup(reload: () => void): () => void;
}

/**
 * Until the process is to end, and why. No workload notices that one daemon follows the other: they run outside of it.
 * Throws what keeps the first from starting; a later one that cannot start leaves the place to the settings before.
 */
export async function runWithReload(
  { settings, notify, begin, renew, onHangup, ...options }: RunOptions,
): Promise<Exclude<DaemonEnd, "reload">> {
  const watchdog = new Watchdog(systemClock);
  using _signs = startWatchdog(watchdog, notify);
  const configReload = new ConfigReload(settings, renew);
  const ready: DaemonOptions["ready"] = (where) => {
    configReload.onReady();
    options.ready?.(where);
  };
  const silence = onHangup(() => void reloadBySignal(configReload));
  try {
    while (true) {
      try {
        await begin(configReload.settings);
        const end = await runDaemon({
          ...options,
          settings: configReload.settings,
          notify,
          watchdog,
          configReload,
          ready,
        });
        if (end !== "reload") return end;
        notify.reloading();
        configReload.commit();
      } catch (error) {
        const failure = asFailure(error);
        if (!configReload.revert(failure)) throw error;
        log.error("no daemon can start with the new settings, so those before stay in force: {message}", {
          message: failure.message,
        });
      }
    }
  } finally {
    silence();
  }
}

/** Nobody waits for an answer: what is wrong is in the log. */
async function reloadBySignal(configReload: ConfigReload): Promise<void> {
  try {
    const answer = await configReload.request();
    if (answer.type !== "problems") return;
    for (const problem of answer.problems) log.error("{problem}", { problem: problemLine(problem) });
    log.error("the settings before stay in force");
  } catch (error) {
    log.error("{message}", { message: asFailure(error).message });
  }
}
