/** Finds and loads the settings for a command: --config, ./config.toml, then where the installer puts it. */
import { hostname } from "node:os";
import { loadSettings } from "../settings/load.ts";
import type { Settings } from "../settings/settings.ts";
import type { CommandInput } from "./command.ts";
import { showProblems } from "./show/problem.ts";

const INSTALLED = "/etc/harbornode/config.toml";

/** Null after the problems were shown: the command ends with exit code 3. */
export async function settingsOf({ flags, note }: CommandInput): Promise<Settings | null> {
  const loaded = await loadedSettings(flags);
  if ("settings" in loaded) return loaded.settings;
  note(showProblems(loaded.problems));
  return null;
}

/** For a command that goes on without them. */
export async function loadedSettings(flags: CommandInput["flags"]): ReturnType<typeof loadSettings> {
  const file = await settingsFile(flags);
  return await loadSettings({ file, cwd: Deno.cwd(), env: Deno.env.toObject(), hostname: hostname() });
}

/** Undefined for ./config.toml, there or not. */
export async function settingsFile({ config }: CommandInput["flags"]): Promise<string | undefined> {
  const named = typeof config === "string" ? config : Deno.env.get("HARBORNODE_CONFIG");
  return named ?? (await isFile("config.toml") || !await isFile(INSTALLED) ? undefined : INSTALLED);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
