/** The unit of systemd that runs the daemon, where one does. */

export const UNIT = "harbornode";

export type UnitState =
  /** It runs this executable. */
  | { state: "active"; isGuarded: boolean }
  /** There is no systemd, the unit does not run, or it runs another executable. */
  | { state: "none" };

export async function unitState(executable: string): Promise<UnitState> {
  const isSystemd = await Deno.stat("/run/systemd/system").then(() => true, () => false);
  if (!isSystemd || await say(["is-active", "--quiet", UNIT]) === null) return { state: "none" };
  const pid = (await say(["show", "-P", "MainPID", UNIT]))?.trim() ?? "0";
  const runs = await Deno.readLink(`/proc/${pid}/exe`).catch(() => "");
  if (runs !== executable) return { state: "none" };
  return { state: "active", isGuarded: (await say(["cat", UNIT]))?.includes(`${executable}.trial`) ?? false };
}

/** Does not wait for its end: who watches the trial sees what becomes of it. False where systemd refuses. */
export async function restartUnit(): Promise<boolean> {
  return await say(["restart", "--no-block", UNIT]) !== null;
}

/** What it wrote since then (ms since 1970), the last lines. */
export async function unitLog(since: number): Promise<string[]> {
  const args = ["-u", UNIT, "--since", `@${Math.floor(since / 1000)}`, "-n", "20", "-o", "cat", "--no-pager"];
  const text = await output("journalctl", args) ?? "";
  return text.trim() === "" ? [] : text.trim().split("\n");
}

function say(args: string[]): Promise<string | null> {
  return output("systemctl", args);
}

/** Null where it fails, or is not there. */
async function output(program: string, args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
