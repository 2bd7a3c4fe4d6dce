/** Names of the settings that differ between two versions, as config.toml calls them; never their values. */
import { canonical } from "../model/fingerprint.ts";
import type { Settings } from "./settings.ts";

/** Settings with another name in config.toml; null for those that follow from other settings. */
const NAMES: Record<string, string | null> = {
  file: null,
  registries: "registry",
  "trust.verify": "repo.verify",
  "trust.allowed_signers": "repo.allowed_signers",
  "trust.require_fast_forward": "repo.require_fast_forward",
  "docker.config_file": "docker.config",
  "policy.own": null,
};

/** Sections that count as one setting. */
const WHOLE = ["labels", "registries", "notify", "commit_status"];

/** Returns sorted names like "repo.interval". A secret in a file counts as changed when the content of the file changed. */
export function changedSettings(before: Settings, after: Settings): string[] {
  const [old, now] = [byName(before), byName(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.filter((name) => old.get(name) !== now.get(name)).sort();
}

/** Returns the settings by name, in a canonical text: equal values have equal texts. */
export function byName(settings: Settings): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const put = (path: string, value: unknown) => {
    const name = path in NAMES ? NAMES[path]! : path;
    if (name !== null) texts.set(name, canonical(value));
  };
  for (const [key, value] of Object.entries(settings)) {
    const section = snake(key);
    const isTable = value !== null && typeof value === "object" && !WHOLE.includes(section);
    if (!isTable) put(section, value);
    else for (const [inner, one] of Object.entries(value)) put(`${section}.${snake(inner)}`, one);
  }
  return texts;
}

/** Converts "pruneGraceMs" to "prune_grace": config.toml writes the unit with the value. */
function snake(key: string): string {
  return key.replace(/(Ms|Bytes)$/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
