/** All that `doctor` and `support` know before they look: the settings as they are, and the daemon's word. */
import { systemClock } from "../clock.ts";
import type { DoctorContext } from "../doctor/check.ts";
import { Failure } from "../failure.ts";
import { registerSecret } from "../log.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { secretValues } from "../settings/secret_values.ts";
import { loadSettings } from "../settings/load_config.ts";
import type { Settings } from "../settings/settings.ts";
import type { CommandInput } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { settingsLocation } from "./load_settings.ts";

/** A daemon that is busy answers within a second; one that hangs never does. */
const ANSWER_MS = 4000;

export async function doctorContext({ flags, signal }: CommandInput): Promise<DoctorContext> {
  const loaded = await loadSettings(await settingsLocation({ flags }));
  const settings = "settings" in loaded ? loaded.settings : null;
  for (const secret of settings === null ? [] : secretValues(settings)) registerSecret(secret);
  return {
    settings,
    problems: "problems" in loaded ? loaded.problems : [],
    ...await wordOf(settings, signal),
    root: "/",
    isRoot: Deno.uid() === 0,
    env: Deno.env.toObject(),
    clock: systemClock,
  };
}

async function wordOf(
  settings: Settings | null,
  signal: AbortSignal,
): Promise<Pick<DoctorContext, "snapshot" | "silence">> {
  // Where it listens is told by them alone.
  if (settings === null) return { snapshot: null, silence: null };
  using daemon = new ControlClient(settings);
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    const snapshot = await daemon.json<Snapshot>("/status", { signal: AbortSignal.any([signal, late]) });
    return { snapshot, silence: null };
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) {
      const message = `the daemon does not answer within ${ANSWER_MS / 1000} s`;
      return { snapshot: null, silence: { message, hint: "journalctl -u harbornode -n 50", denied: false } };
    }
    if (!(error instanceof Failure)) throw error;
    const { message, hint = "journalctl -u harbornode -n 50", reason } = error;
    return { snapshot: null, silence: { message, hint, denied: reason === "permission_denied" } };
  }
}
