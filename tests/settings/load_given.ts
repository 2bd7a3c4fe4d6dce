/** Settings from a real config.toml in a folder of its own, as a command loads them. */
import { dirname, join } from "node:path";
import { problemLine } from "../../src/model/problem.ts";
import { loadSettings } from "../../src/settings/load_config.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { tempDir } from "../support/temp.ts";

export const URL_LINE = '[repo]\nurl = "https://git.example.org/fleet.git"\n';

export interface Given {
  /** Of config.toml; without it there is none. */
  text?: string;
  env?: Record<string, string>;
  /** Beside it. */
  files?: Record<string, string>;
  /** As --config names it. */
  file?: string;
}

/** `problems` are lines: place, message, " | ", hint. */
export async function loadGiven(
  { text, env = {}, files = {}, file }: Given,
): Promise<{ cwd: string; settings?: Settings; problems: string[] }> {
  await using dir = await tempDir();
  if (text !== undefined) await Deno.writeTextFile(join(dir.path, "config.toml"), text);
  for (const [name, content] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(dir.path, name)), { recursive: true });
    await Deno.writeTextFile(join(dir.path, name), content);
  }
  const loaded = await loadSettings({ file, cwd: dir.path, env, hostname: "host" });
  if ("settings" in loaded) return { cwd: dir.path, settings: loaded.settings, problems: [] };
  return {
    cwd: dir.path,
    problems: loaded.problems.map((problem) => `${problemLine(problem)} | ${problem.hint ?? ""}`),
  };
}
