/**
 * Variables that give orders to a program before its first line. A manifest may set them for its own program; what
 * comes before that one is root, and must never see them: LD_PRELOAD with a library of the workload's folder would be
 * root on the device.
 */
import { Failure } from "../../../failure.ts";
import { needTool } from "./tool.ts";

/**
 * What glibc keeps from set-user-id programs, whose place is the same as ours
 * (https://sourceware.org/git/?p=glibc.git;a=blob;f=sysdeps/generic/unsecvars.h), and what shells obey at their start.
 */
const OBEYED = new RegExp(
  "^(LD_.*|GLIBC_TUNABLES|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|MALLOC_.*|NIS_PATH|NLSPATH|" +
    "RESOLV_HOST_CONF|RES_OPTIONS|TMPDIR|TZDIR|BASH.*|ENV|SHELLOPTS|PS4|IFS)$",
);

/** Throws a `Failure` for a secret that would have to be said in words, which everybody can read in `ps`. */
export function checkSecretNames(names: readonly string[]): void {
  const late = names.find((name) => OBEYED.test(name));
  if (late === undefined) return;
  throw new Failure(`a secret can not be in the variable "${late}", which gives orders to the program's loader`, {
    kind: "mistake",
    reason: "secret_unresolved",
    hint: "use another variable, or a file of secrets",
  });
}

/**
 * `env` is what every program on the way may see, and `words` belong right in front of the workload's own program, where
 * root is given up: env(1) with the others. None where there are none.
 */
export async function partedEnvironment(
  all: Record<string, string>,
): Promise<{ env: Record<string, string>; words: string[] }> {
  const late = Object.entries(all).filter(([name]) => OBEYED.test(name));
  if (late.length === 0) return { env: all, words: [] };
  const env = Object.fromEntries(Object.entries(all).filter(([name]) => !OBEYED.test(name)));
  return { env, words: [await needTool("env"), ...late.map(([name, value]) => `${name}=${value}`)] };
}
