/** What a check is told before it looks: real settings, and nothing else but what a test says. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import type { Check, DoctorContext, Known } from "../../src/doctor/check.ts";
import { loadSettings } from "../../src/settings/load_config.ts";

/** `config` is the text of a config.toml in `dir`. */
export async function situation(
  { dir, config, ...more }: { dir?: string; config?: string } & Partial<DoctorContext> = {},
): Promise<Known<"settings" | "snapshot">> {
  let settings = null;
  if (dir !== undefined && config !== undefined) {
    const file = join(dir, "config.toml");
    await Deno.writeTextFile(file, config, { mode: 0o600 });
    const loaded = await loadSettings({ file, cwd: dir, env: {}, hostname: "host" });
    assert.ok("settings" in loaded, JSON.stringify(loaded));
    settings = loaded.settings;
  }
  return {
    settings: settings!,
    snapshot: null!,
    problems: [],
    silence: null,
    root: "/",
    isRoot: Deno.uid() === 0,
    env: Deno.env.toObject(),
    clock: systemClock,
    ...more as Partial<Known<"settings" | "snapshot">>,
  };
}

/** "verdict: message", one a line. */
export async function told<F, N extends "settings" | "snapshot">(
  check: Check<F, N>,
  from: Known<"settings" | "snapshot">,
): Promise<string> {
  const facts = await check.gather(from as Known<N>, AbortSignal.any([]));
  return check.evaluate(facts).map(({ verdict, message }) => `${verdict}: ${message}`).join("\n");
}
