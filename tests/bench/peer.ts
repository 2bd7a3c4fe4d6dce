/** What the bench asks of a supervisor, HarborNode among them; a file each implements it. */
import type { Service } from "./service.ts";

/** A folder for one run of one supervisor, and the only way to start its processes. */
export interface Site {
  root: string;
  /** Starts a program that names the folder in its environment, in a session of its own. Returns its pid. */
  launch(argv: string[], options?: { env?: Record<string, string>; log?: string }): number;
}

export interface Peer {
  name: string;
  /** As it is shown; empty where the program does not say. */
  version: string;
  /** Writes what the supervisor reads, as its manual shows, below the site's root. Starts nothing. */
  prepare(site: Site, services: Service[]): Promise<Supervisor>;
}

export interface Supervisor {
  /** Returns as soon as the command that starts it runs. Called again after the daemon was killed. */
  start(): Promise<void>;
  /** Of the daemon: what a person would call the supervisor's process. */
  daemonPid(): Promise<number>;
  /** Ends what would outlast its processes. Whoever calls it ends every process afterwards. */
  stop(): Promise<void>;
}

/** Path of a program; null when it is not installed. */
export async function installed(name: string): Promise<string | null> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    if ((await Deno.stat(`${directory}/${name}`).catch(() => null))?.isFile) return `${directory}/${name}`;
  }
  return null;
}

/** Of a Debian package, without what Debian added; empty elsewhere. */
export async function packageVersion(name: string): Promise<string> {
  try {
    const args = ["-W", "-f", "${Version}", name];
    const { stdout, success } = await new Deno.Command("dpkg-query", { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).replace(/-[^-]*$/, "") : "";
  } catch {
    return "";
  }
}
