/** Reloads settings that were edited while a daemon runs with the previous ones. */
import type { Problem } from "../model/problem.ts";
import { changedSettings } from "./changed_settings.ts";
import { type LoadOptions, loadSettings } from "./load_config.ts";
import type { Settings } from "./settings.ts";

export type SettingsReload =
  | { type: "problems"; problems: Problem[] }
  | { type: "unchanged" }
  /** `changed`: names of settings, never their values. */
  | { type: "changed"; changed: string[]; settings: Settings };

/** Loads all settings again. A change that a running daemon cannot apply is a problem like any other. */
export async function reloadSettings(current: Settings, options: LoadOptions): Promise<SettingsReload> {
  const loaded = await loadSettings(options);
  if ("problems" in loaded) return { type: "problems", problems: loaded.problems };
  const { settings } = loaded;
  const changed = changedSettings(current, settings);
  if (changed.length === 0) return { type: "unchanged" };
  if (settings.dataDir === current.dataDir) return { type: "changed", changed, settings };
  const problem: Problem = {
    file: options.file ?? "config.toml",
    field: "data_dir",
    message: `is "${settings.dataDir}", and the daemon that runs has "${current.dataDir}"`,
    hint: "stop the daemon, move the folder, and start it again",
  };
  return { type: "problems", problems: [problem] };
}
