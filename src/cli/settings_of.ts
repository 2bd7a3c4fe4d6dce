/** Finds and loads the settings for a command: --config, ./config.toml, then where the installer puts it. */
import { hostname } from "node:os";
import { loadSettings } from "../settings/load.ts";
import type { Settings } from "../settings/settings.ts";
import type { CommandInput } from "./command.ts";
import { showProblems } from "./show/problem.ts";

const INSTALLED = "/etc/harbornode/config.toml";

/** Null after the problems were shown: the command ends with exit code 3. */
export async function settingsOf({ flags, note }: CommandInput): Promise<Settings | null> {
  const env = Deno.env.toObject();
  const named = typeof flags.config === "string" ? flags.config : env.HARBORNODE_CONFIG;
  const file = named ?? (await isFile("config.toml") || !await isFile(INSTALLED) ? undefined : INSTALLED);
  const loaded = await loadSettings({ file, cwd: Deno.cwd(), env, hostname: hostname() });
  if ("settings" in loaded) return loaded.settings;
  note(showProblems(loaded.problems));
  return null;
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
