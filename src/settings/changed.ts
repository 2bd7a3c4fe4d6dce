/** Which settings differ, by the names that config.toml has for them; never what they are. */
import { canonical } from "../model/fingerprint.ts";
import type { Settings } from "./settings.ts";

/** What config.toml calls otherwise. `own` follows from other settings. */
const NAMES: Record<string, string | null> = {
  file: null,
  registries: "registry",
  "trust.verify": "repo.verify",
  "trust.allowed_signers": "repo.allowed_signers",
  "trust.require_fast_forward": "repo.require_fast_forward",
  "docker.config_file": "docker.config",
  "policy.own": null,
};

/** Those that are shown as one. */
const WHOLE = ["labels", "registries", "notify", "commit_status"];

/** "repo.interval", "listen_port"; sorted. A secret in a file of its own counts as changed when what it holds is another. */
export function changedSettings(before: Settings, after: Settings): string[] {
  const [old, now] = [byName(before), byName(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.filter((name) => old.get(name) !== now.get(name)).sort();
}

/** By name, as text that is the same for what is the same. */
export function byName(settings: Settings): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const put = (path: string, value: unknown) => {
    const name = path in NAMES ? NAMES[path]! : path;
    if (name !== null) found.set(name, canonical(value));
  };
  for (const [key, value] of Object.entries(settings)) {
    const section = snake(key);
    const isTable = value !== null && typeof value === "object" && !WHOLE.includes(section);
    if (!isTable) put(section, value);
    else for (const [inner, one] of Object.entries(value)) put(`${section}.${snake(inner)}`, one);
  }
  return found;
}

/** "pruneGraceMs" -> "prune_grace": config.toml writes the unit with the value. */
function snake(key: string): string {
  return key.replace(/(Ms|Bytes)$/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
