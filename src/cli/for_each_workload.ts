/** Runs one operation of the daemon for each workload that the command line names. */
import { parseDuration } from "../schema/quantity.ts";
import { type CommandInput, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const OVERRIDE_FLAGS = {
  flags: { for: { type: "string" }, ...CONFIG_FLAG.flags },
  options: CONFIG_FLAG.options.slice(),
} as const;

/** Prints what follows for each. Ends at the first workload for which the daemon refuses the operation. */
export async function forEachWorkload(
  input: CommandInput,
  operation: "suspend" | "stop" | "start" | "resume",
): Promise<ExitCode> {
  const forMs = durationOf(input.flags.for);
  const settings = await daemonLocation(input);
  if (settings === null) return EXIT.problems;
  using daemon = new ControlClient(settings);
  for (const name of input.positionals) {
    const { message } = await daemon.json<{ message: string }>(`/workloads/${encodeURIComponent(name)}/${operation}`, {
      method: "POST",
      body: { for_ms: forMs },
      signal: input.signal,
    });
    input.out(message);
  }
  return EXIT.done;
}

function durationOf(flag: CommandInput["flags"][string]): number | null {
  if (typeof flag !== "string") return null;
  const ms = parseDuration(flag);
  if (ms === null || ms === 0) throw new UsageError(`--for is "${flag}", wanted a duration like "2h" or "1d12h"`);
  return ms;
}
