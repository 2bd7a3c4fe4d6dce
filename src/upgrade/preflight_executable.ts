/** Asks an executable who it is and whether it could start here, before anything is changed. */
import { dirname } from "node:path";
import { Failure } from "../failure.ts";
import { MAX_ANSWER_MS } from "./release_limits.ts";

/** The hidden word of the command line: loads the settings, and looks whether it could read the state. Changes nothing. */
export const CHECK_START = "check-start";

/** As `harbornode version` says it. */
export interface Build {
  version: string;
  commit: string;
}

/** Throws a `Failure` for what cannot be run here, or is no HarborNode. */
export async function readBuildInfo(executable: string, signal: AbortSignal): Promise<Build> {
  const { code, out, message } = await ask(executable, { words: ["version"], signal });
  const [, version, commit] = /^harbornode (\S+) \(([0-9a-z+]+)\)/.exec(out) ?? [];
  if (code !== 0 || version === undefined || commit === undefined) {
    throw useless(`does not say which version it is${message === "" ? "" : `: ${message}`}`);
  }
  return { version, commit };
}

/**
 * - `ready`: it would start here.
 * - `problems`: it does not like config.toml.
 * - `state`: it cannot read the state, which a newer one wrote.
 * - `unknown`: it does not know the question.
 */
export interface StartAnswer {
  verdict: "ready" | "problems" | "state" | "unknown";
  message: string;
}

/** `config`: null for what it finds by itself. */
export async function preflight(
  executable: string,
  { config, signal }: { config: string | null; signal: AbortSignal },
): Promise<StartAnswer> {
  const words = [CHECK_START, ...(config === null ? [] : ["--config", config])];
  const { code, message: said } = await ask(executable, { words, signal });
  const message = said.replace(/^error: /, "");
  if (code === 0) return { verdict: "ready", message };
  if (code === 2 && said.includes(CHECK_START)) return { verdict: "unknown", message };
  if (code === 1 || code === 3) return { verdict: code === 1 ? "state" : "problems", message };
  throw useless(`ended with exit code ${code} when it was asked whether it could start: ${said}`);
}

async function ask(
  executable: string,
  { words, signal }: { words: string[]; signal: AbortSignal },
): Promise<{ code: number; out: string; message: string }> {
  const late = AbortSignal.timeout(MAX_ANSWER_MS);
  try {
    const { code, stdout, stderr } = await new Deno.Command(executable, {
      args: words,
      cwd: dirname(executable),
      // Whatever it does: to systemd it is not the daemon.
      env: { NOTIFY_SOCKET: "", WATCHDOG_USEC: "", WATCHDOG_PID: "" },
      stdin: "null",
      signal: AbortSignal.any([signal, late]),
    }).output();
    signal.throwIfAborted();
    if (late.aborted) throw useless(`has not answered within ${MAX_ANSWER_MS / 1000} seconds`);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes.subarray(0, 4000)).trim();
    return { code, out: text(stdout), message: text(stderr).split("\n")[0]! };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw useless(`cannot be run: ${error instanceof Error ? error.message : error}`);
  }
}

function useless(what: string): Failure {
  return new Failure(`the new executable ${what}`, {
    kind: "mistake",
    reason: "release_invalid",
    hint: "nothing was changed; it needs glibc 2.27 or newer, and its folder must not be mounted noexec",
  });
}
