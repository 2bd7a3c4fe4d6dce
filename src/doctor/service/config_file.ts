import { type Problem, problemLine } from "../../model/problem.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, problem, skipped, warning } from "../finding.ts";
import { readText } from "../inspect_host.ts";

export interface SettingsFacts {
  /** Null where none was read. */
  file: string | null;
  problems: readonly Problem[];
  isRoot: boolean;
  /** Whether others than its owner may read the file. */
  isOpen: boolean;
  /** Whether a token, a secret or a password stands in it. */
  holdsSecret: boolean;
}

export const settings: Check<SettingsFacts> = {
  group: "settings",
  name: "settings",
  async gather({ settings, problems, isRoot }) {
    const file = settings?.file ?? null;
    const mode = file === null ? 0 : await Deno.stat(file).then((info) => info.mode ?? 0, () => 0);
    const holdsSecret = file !== null && /^\s*(token|secrets?|password)\s*=/m.test(await readText(file) ?? "");
    return { file, problems, isRoot, isOpen: (mode & 0o044) !== 0, holdsSecret };
  },
  evaluate({ file, problems, isRoot, isOpen, holdsSecret }) {
    if (problems.length > 0) return problems.map((one) => asFinding(one, isRoot));
    if (file === null) return [ok("none; all is in the environment")];
    if (isOpen && holdsSecret) {
      return [warning(`everybody on this device can read the secret in "${file}"`, `sudo chmod 600 ${file}`)];
    }
    return [ok(file)];
  },
};

function asFinding(one: Problem, isRoot: boolean): Finding {
  const message = problemLine(one);
  if (!isRoot && /permission denied/.test(message)) return skipped(message, "sudo harbornode doctor");
  return problem(message, one.hint ?? "correct it there, and look again: harbornode doctor");
}
