/** The folders of services that runit and s6 have from daemontools: NAME/run is the program, NAME/log/run its logger. */
import { join } from "node:path";
import type { Service } from "./service.ts";

/** `begin` is said by the shell before it becomes the program; without it the program is started with no shell before. */
export async function makeServiceFolders(
  directory: string,
  services: Service[],
  { logger, begin }: { logger: string; begin?: string },
): Promise<void> {
  for (const { name, program } of services) {
    const log = join(directory, name, "log");
    await Deno.mkdir(join(log, "main"), { recursive: true });
    await script(join(log, "run"), [`exec ${logger}`]);
    const run = join(directory, name, "run");
    if (begin === undefined) await Deno.symlink(program, run);
    else await script(run, [begin, `exec ${program}`]);
  }
}

async function script(path: string, lines: string[]): Promise<void> {
  await Deno.writeTextFile(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await Deno.chmod(path, 0o755);
}
