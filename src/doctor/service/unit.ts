import { join } from "node:path";
import { COMMIT } from "../../version.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, orOk, problem, skipped, warning } from "../finding.ts";
import { outputOf, textOf } from "../looks.ts";
import { UNIT } from "./unit_text.ts";

export const UNIT_NAME = "harbornode.service";

export interface UnitFacts {
  /** "systemd 252 (...)"; null where there is none. */
  systemd: string | null;
  /** The unit that counts; null where none is installed. */
  installed: { file: string; text: string } | null;
  /** The owner's, by name. */
  dropIns: string[];
  /** "enabled", "disabled", "masked", ...; null where it was not told. */
  state: string | null;
  /** Of an installation for one user: whether it runs without a login; null for one of the system's. */
  lingers: boolean | null;
  /** Whether a build of ours was compiled with that unit, and not the source. */
  isCompiled: boolean;
}

export const unit: Check<UnitFacts> = {
  group: "service",
  name: "unit",
  async look({ root, env, isRoot }, signal) {
    const own = env.HOME === undefined || isRoot ? [] : [join(env.HOME, ".config/systemd/user")];
    const folders = [...own, ...SYSTEM.map((folder) => join(root, folder))];
    const installed = await firstUnit(folders);
    const isOwn = installed !== null && own.some((folder) => installed.file.startsWith(folder));
    const [version, enabled] = await Promise.all([
      outputOf("systemctl", ["--version"], signal),
      installed === null
        ? null
        : outputOf("systemctl", [...(isOwn ? ["--user"] : []), "is-enabled", UNIT_NAME], signal),
    ]);
    const isThere = await Deno.stat(join(root, "run/systemd/system")).then(() => true, () => false);
    return {
      systemd: isThere ? version?.out.split("\n")[0] ?? null : null,
      installed,
      dropIns: installed === null ? [] : await dropInsOf(folders),
      state: enabled === null || enabled.out === "" ? null : enabled.out.split("\n")[0]!,
      lingers: isOwn ? await Deno.stat(`/var/lib/systemd/linger/${env.USER}`).then(() => true, () => false) : null,
      isCompiled: COMMIT !== "source",
    };
  },
  judge({ systemd, installed, dropIns, state, lingers, isCompiled }) {
    if (systemd === null) {
      return [skipped("this machine was not started by systemd", null)];
    }
    if (installed === null) {
      const hint = "run install.sh, which installs the unit";
      return [isCompiled ? warning("none is installed: nothing starts the daemon with the device", hint) : ok("none")];
    }
    const found: Finding[] = [];
    const { file, text } = installed;
    const change = firstChange(text);
    if (change !== null) {
      const hint = `keep your changes in a drop-in (sudo systemctl edit harbornode), and run install.sh again`;
      found.push(warning(`"${file}" is not the one of this build: ${change}`, hint));
    }
    // LoadCredential=: https://systemd.io/CREDENTIALS
    if (versionOf(systemd) < 247) found.push(warning(`${systemd} is older than 247`, "upgrade the distribution"));
    if (state === "masked") found.push(problem("it is masked", "sudo systemctl unmask harbornode"));
    if (state === "disabled") {
      found.push(warning("it is not started with the device", "sudo systemctl enable harbornode"));
    }
    if (lingers === false) found.push(warning("it ends when you log out", "loginctl enable-linger"));
    const named = dropIns.length === 0 ? "" : `, with ${dropIns.join(", ")}`;
    return orOk(found, `${state ?? "installed"}${named}, ${systemd.replace(/ \(.*/, "")}`);
  },
};

/** In systemd's own order (systemd.unit(5)). */
const SYSTEM = ["etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system"];

async function firstUnit(folders: string[]): Promise<UnitFacts["installed"]> {
  for (const folder of folders) {
    const file = join(folder, UNIT_NAME);
    const text = await textOf(file);
    if (text !== null) return { file, text };
  }
  return null;
}

async function dropInsOf(folders: string[]): Promise<string[]> {
  const names = await Promise.all(folders.map(async (folder) => {
    try {
      return await Array.fromAsync(Deno.readDir(join(folder, `${UNIT_NAME}.d`)), ({ name }) => name);
    } catch {
      return [];
    }
  }));
  return names.flat().filter((name) => name.endsWith(".conf")).sort();
}

/** Comments and empty lines change nothing. Null where all that counts is the same. */
function firstChange(text: string): string | null {
  const [here, ours] = [counting(text), counting(UNIT)];
  const added = here.find((line) => !ours.includes(line));
  if (added !== undefined) return `it says "${keyOf(added)}" otherwise`;
  const lacking = ours.find((line) => !here.includes(line));
  if (lacking !== undefined) return `it lacks "${lacking}"`;
  return here.join("\n") === ours.join("\n") ? null : "its lines have another order";
}

function counting(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !/^[#;]/.test(line));
}

/** A value may be a secret, as in Environment=. */
function keyOf(line: string): string {
  return line.split("=")[0]!;
}

function versionOf(systemd: string): number {
  return Number(/^systemd (\d+)/.exec(systemd)?.[1] ?? Infinity);
}
