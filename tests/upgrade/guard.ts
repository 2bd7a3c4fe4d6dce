/** The guard of systemd/harbornode.service, as systemd would run it, for a folder of a test's own. */
const UNIT = new URL("../../systemd/harbornode.service", import.meta.url);

export interface Guard {
  /** Before a start. */
  startPre: string;
  /** After an end; $SERVICE_RESULT says how it was. */
  stopPost: string;
}

/** The very text of the unit, but for the folder: systemd.service(5) under COMMAND LINES for what it makes of it. */
export async function guardOf(directory: string): Promise<Guard> {
  const unit = (await Deno.readTextFile(UNIT)).replaceAll("\\\n", " ");
  const command = (key: string) => {
    const found = new RegExp(`^${key}=-/bin/sh -c '([^']+)'$`, "m").exec(unit)?.[1];
    if (found === undefined) throw new Error(`the unit has no ${key} in one pair of quotes`);
    return found.replaceAll("$$", "$").replaceAll("/usr/local/bin", directory);
  };
  return { startPre: command("ExecStartPre"), stopPost: command("ExecStopPost") };
}
