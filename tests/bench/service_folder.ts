/** The folders of services that runit and s6 have from daemontools: NAME/run is the program, NAME/log/run its logger. */
import { join } from "node:path";
import type { Service } from "./service.ts";

export async function makeServiceFolders(folder: string, services: Service[], logger: string): Promise<void> {
  for (const { name, program } of services) {
    const log = join(folder, name, "log");
    await Deno.mkdir(join(log, "main"), { recursive: true });
    await Deno.symlink(program, join(folder, name, "run"));
    await Deno.writeTextFile(join(log, "run"), `#!/bin/sh\nexec ${logger}\n`);
    await Deno.chmod(join(log, "run"), 0o755);
  }
}
