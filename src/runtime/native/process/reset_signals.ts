/**
 * Signals that this daemon was started to ignore, as by nohup(1) or a shell's "&". Ignoring is inherited over exec
 * (execve(2)), and a service that cannot be told to hang up or stop by its terminal's signals is not what was asked for.
 */
import { findTool } from "../../../os/tool.ts";

const NAMES = { HUP: 1, INT: 2, QUIT: 4 };

/** A command line that gives them back to the program that follows it; empty when there is nothing to give back. */
export async function defaultSignals(): Promise<string[]> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const ignored = Number.parseInt(/^SigIgn:\s+([0-9a-f]+)$/m.exec(status)?.[1]?.slice(-2) ?? "0", 16);
  const names = Object.entries(NAMES).filter(([, bit]) => (ignored & bit) !== 0).map(([name]) => name);
  // Of coreutils since 8.31; busybox's has no such option, and then they stay ignored.
  const env = names.length === 0 ? null : await findTool("env");
  if (env === null || await Deno.realPath(env).then((path) => path.endsWith("busybox"), () => true)) return [];
  return [env, `--default-signal=${names.join(",")}`];
}
