/** Whether the machine is being switched off or booted anew: then a daemon that is told to stop is told to stop it all. */
import { findTool } from "../os/tool.ts";

/** systemd answers at once; the program that asks needs seconds on a board that stops a hundred things. */
const ANSWER_MS = 30_000;

/**
 * False without systemd. `systemctl is-system-running` would say "starting" as long as the boot has not ended, whatever
 * was asked for meanwhile; the target that every way down leads through has a job, or was reached.
 */
export async function isSystemShuttingDown(): Promise<boolean> {
  // As sd_booted(3) has it.
  if (!await Deno.stat("/run/systemd/system").then((info) => info.isDirectory, () => false)) return false;
  const systemctl = await findTool("systemctl");
  if (systemctl === null) return false;
  const args = ["show", "--property=ActiveState,Job", "shutdown.target"];
  const options = { args, stdin: "null", stderr: "null", signal: AbortSignal.timeout(ANSWER_MS) } as const;
  const message = await new Deno.Command(systemctl, options).output().then(
    ({ stdout }) => new TextDecoder().decode(stdout),
    () => "",
  );
  return /^ActiveState=(active|activating)$/m.test(message) || /^Job=[1-9]/m.test(message);
}
