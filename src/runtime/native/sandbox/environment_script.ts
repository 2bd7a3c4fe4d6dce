/**
 * Hands a workload's environment to its program without showing a byte of it to the programs before setpriv(1), which
 * run as root: an environment gives orders to every program (LD_PRELOAD, LANGUAGE, GCONV_PATH, ...), and no list of such
 * names is complete. A shell that is the workload's user already reads the environment as a script from its standard
 * input, a pipe from the daemon. So no secret is on a command line, which everybody can read, or on disk.
 */
import { Failure } from "../../../failure.ts";
import { requireTool } from "../../../os/tool.ts";
import { shellQuoted } from "../../../model/escape.ts";

/**
 * Variables that `export` of a shell cannot hand on as they are: dash, bash and busybox compute or protect them. env(1)
 * sets them, right in front of the program.
 */
const OF_SHELLS = new RegExp(
  "^(_|BASH.*|SHELLOPTS|SHLVL|UID|EUID|PPID|PWD|OLDPWD|GROUPS|S?RANDOM|SECONDS|EPOCH.*|LINENO|OPTIND|HISTCMD|FUNCNAME|" +
    "DIRSTACK|PIPESTATUS|COMP_WORDBREAKS)$",
);

/**
 * Variables that the dynamic loader obeys, and which are meant for the workload's program alone: setsid(1) of the
 * device does not start with the C library of an artifact. This is no boundary: nothing after setpriv(1) is root.
 */
const OF_LOADERS = /^(LD_.*|GLIBC_TUNABLES)$/;

/** Whether a POSIX shell can export a variable of this name. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

const isLate = (name: string) => OF_SHELLS.test(name) || OF_LOADERS.test(name);

/** Throws a `Failure` for a secret in a variable that is set by words of a command line. */
export function checkSecretNames(names: readonly string[]): void {
  const late = names.find(isLate);
  if (late === undefined) return;
  throw new Failure(`a secret cannot be in the variable "${late}", which shells and loaders treat specially`, {
    kind: "mistake",
    reason: "secret_unresolved",
    hint: "use another variable, or a file of secrets",
  });
}

/** Words to put right in front of the program: env(1) with the variables that no shell can hand on. Empty for none. */
export async function lateWords(env: Record<string, string>): Promise<string[]> {
  const late = Object.entries(env).filter(([name]) => isLate(name));
  return late.length === 0 ? [] : [await requireTool("env"), ...late.map(([name, value]) => `${name}=${value}`)];
}

/** A function `hn_export` in the language of a POSIX shell, which exports all variables but those of `lateWords`. */
export function exportScript(env: Record<string, string>): string {
  const lines = Object.entries(env).filter(([name]) => !isLate(name)).map(([name, value]) =>
    `export ${name}=${shellQuoted(value)}`
  );
  return ["hn_export() {", ":", ...lines, "}", ""].join("\n");
}

/**
 * Words that load the environment and become the command that follows them. They read a script of `enterScript` from
 * their standard input, and leave /dev/null in its place.
 */
export const ENTER = ["/bin/sh", "-s", "--"] as const;

/**
 * The script for `ENTER`. The last line alone runs anything: a script that was cut off, by the death of the daemon, runs
 * no program with half of an environment. A shell's own complaints about a value are not the workload's output.
 */
export function enterScript(env: Record<string, string>): string {
  return `${exportScript(env)}hn_enter() { exec 3>&2 2>/dev/null; hn_export; exec </dev/null 2>&3 3>&-; exec "$@"; }
hn_enter "$@"
`;
}
