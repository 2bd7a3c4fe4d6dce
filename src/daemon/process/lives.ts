/** One daemon after the other in one process: settings that were read again take effect in the next one. */
import { systemClock } from "../../clock.ts";
import { asFailure } from "../../failure.ts";
import { logger } from "../../log.ts";
import type { SettingsReload } from "../../settings/reload_settings.ts";
import type { Settings } from "../../settings/settings.ts";
import { type DaemonOptions, runDaemon } from "../daemon.ts";
import type { DaemonEnd } from "../device.ts";
import { problemLine } from "../../model/problem.ts";
import { Heart, signsOfLife } from "./heart.ts";
import { Reloads } from "./reloads.ts";
import type { SdNotify } from "./sd_notify.ts";

const log = logger("daemon");

export interface LivesOptions extends Pick<DaemonOptions, "signal" | "ready" | "settled"> {
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
 * Throws what keeps the first from starting; a later one that can not start leaves the place to the settings before.
 */
export async function runLives(
  { settings, notify, begin, renew, onHangup, ...options }: LivesOptions,
): Promise<Exclude<DaemonEnd, "reload">> {
  const heart = new Heart(systemClock);
  using _signs = signsOfLife(heart, notify);
  const reloads = new Reloads(settings, renew);
  const ready: DaemonOptions["ready"] = (where) => {
    reloads.ready();
    options.ready?.(where);
  };
  const silence = onHangup(() => void askedBySignal(reloads));
  try {
    while (true) {
      try {
        await begin(reloads.settings);
        const end = await runDaemon({ ...options, settings: reloads.settings, notify, heart, reloads, ready });
        if (end !== "reload") return end;
        notify.reloading();
        reloads.take();
      } catch (error) {
        const failure = asFailure(error);
        if (!reloads.goBack(failure)) throw error;
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
async function askedBySignal(reloads: Reloads): Promise<void> {
  try {
    const answer = await reloads.ask();
    if (answer.type !== "problems") return;
    for (const problem of answer.problems) log.error("{problem}", { problem: problemLine(problem) });
    log.error("the settings before stay in force");
  } catch (error) {
    log.error("{message}", { message: asFailure(error).message });
  }
}
