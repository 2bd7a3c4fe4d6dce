import { basename, join } from "node:path";
import { COMMIT } from "../../version.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, orOk, problem, skipped, warning } from "../finding.ts";
import { runTool } from "../inspect_host.ts";
import { dropInFiles, installedUnit, UNIT_NAME } from "./installed_unit.ts";
import { UNIT } from "./embedded_unit.ts";

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
  async gather({ root, env, isRoot }, signal) {
    const where = { root, env, isRoot };
    const installed = await installedUnit(where);
    const [version, enabled] = await Promise.all([
      runTool("systemctl", ["--version"], signal),
      installed && runTool("systemctl", [...(installed.isOwn ? ["--user"] : []), "is-enabled", UNIT_NAME], signal),
    ]);
    const isThere = await Deno.stat(join(root, "run/systemd/system")).then(() => true, () => false);
    return {
      systemd: isThere ? version?.out.split("\n")[0] ?? null : null,
      installed,
      dropIns: (await dropInFiles(where)).map((file) => basename(file)),
      state: enabled === null || enabled.out === "" ? null : enabled.out.split("\n")[0]!,
      lingers: installed?.isOwn
        ? await Deno.stat(`/var/lib/systemd/linger/${env.USER}`).then(() => true, () => false)
        : null,
      isCompiled: COMMIT !== "source",
    };
  },
  evaluate({ systemd, installed, dropIns, state, lingers, isCompiled }) {
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
