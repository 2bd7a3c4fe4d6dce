/** Finds and loads the settings for a command: --config, ./config.toml, then where the installer puts it. */
import { hostname } from "node:os";
import { type LoadOptions, loadSettings } from "../settings/load_config.ts";
import { locateDaemon } from "../settings/locate_daemon.ts";
import type { Settings } from "../settings/settings.ts";
import { controlSocket } from "../store/data_dir.ts";
import type { CommandInput } from "./command.ts";
import { formatProblems } from "./format/format_problem.ts";
import { isFile } from "../os/exists.ts";

const INSTALLED = "/etc/harbornode/config.toml";

/** Null after the problems were shown: the command ends with exit code 3. */
export async function loadSettingsOrFail(input: CommandInput): Promise<Settings | null> {
  const loaded = await loadSettings(await settingsLocation(input));
  if ("settings" in loaded) return loaded.settings;
  input.note(formatProblems(loaded.problems));
  return null;
}

/**
 * What a command needs that only talks to the daemon: it works without the tokens, and while config.toml has problems.
 * Where no daemon is, those are shown, since they may be why.
 */
export async function daemonLocation(input: CommandInput): Promise<Pick<Settings, "dataDir"> | null> {
  const loaded = await locateDaemon(await settingsLocation(input));
  if ("dataDir" in loaded) {
    const wasThere = await Deno.lstat(controlSocket(loaded.dataDir)).then(() => true, () => false);
    return wasThere ? loaded : await loadSettingsOrFail(input);
  }
  input.note(formatProblems(loaded.problems));
  return null;
}

export async function settingsLocation({ flags }: Pick<CommandInput, "flags">): Promise<LoadOptions> {
  const env = Deno.env.toObject();
  const named = typeof flags.config === "string" ? flags.config : env.HARBORNODE_CONFIG;
  const file = named ?? (await isFile("config.toml") || !await isFile(INSTALLED) ? undefined : INSTALLED);
  return { file, cwd: Deno.cwd(), env, hostname: hostname() };
}
