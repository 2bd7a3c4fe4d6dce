/** What a daemon has to say of upgrades when it starts, and when it has shown that it works. */
import { logger } from "../log.ts";
import { forgetOlderState } from "../store/state_formats.ts";
import { newerFiles, newerSentence } from "../store/versioned_file.ts";
import { OWN_EXECUTABLE } from "../upgrade/own_executable.ts";
import { endTrial, readRefused, upgradePaths } from "../upgrade/upgrade_trial.ts";
import { VERSION } from "../version.ts";
import type { EventLog } from "../reconciler/event_log.ts";

const log = logger("upgrade");

/** Which build was put back, and which files of the state wait for a newer one. Changes nothing. */
export async function reportUpgrade(events: EventLog): Promise<void> {
  for (const file of newerFiles()) {
    events.add({ workload: null, reason: "state_newer", message: newerSentence(file) });
  }
  const refused = OWN_EXECUTABLE === null ? null : await readRefused(upgradePaths(OWN_EXECUTABLE));
  if (refused === null || refused.version === VERSION) return;
  const message = `HarborNode ${refused.version} did not work here: ${refused.why}, and ${VERSION} runs again`;
  events.add({ workload: null, reason: "upgrade_refused", message });
  log.error("{message}", { message });
}

/** The daemon has lived long enough: its executable stays, and nobody goes back to the state before. Never throws. */
export async function confirmTrial(dataDir: string, events: EventLog): Promise<void> {
  try {
    await forgetOlderState(dataDir);
    const tried = OWN_EXECUTABLE === null ? null : await endTrial(upgradePaths(OWN_EXECUTABLE));
    // One that was cut off before the swap left a trial of another version behind.
    if (tried === null || tried.version !== VERSION) return;
    const message = `HarborNode ${VERSION} runs now, in place of ${tried.from}`;
    events.add({ workload: null, reason: "upgraded", message });
    log.info("{message}", { message });
  } catch (error) {
    log.error("the trial of this version cannot be ended: {error}", { error });
  }
}
