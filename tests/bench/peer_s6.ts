/** s6 (https://skarnet.org/software/s6/): an s6-supervise a service and another for its s6-log. */
import { join } from "node:path";
import { installed, packageVersion, type Peer, type Supervisor } from "./peer.ts";
import { makeServiceFolders } from "./service_folder.ts";

/** The default, 500 services, has no room for 200 with their loggers on older versions. */
const MAX_SERVICES = "1000";

/**
 * Where a service says that it is ready. One that never said so is held back for a second when it ends
 * (https://skarnet.org/software/s6/s6-supervise.html); s6 is shown at its best here.
 */
const READY_FD = 3;

/** Null when it is not installed. */
export async function s6(): Promise<Peer | null> {
  const program = await installed("s6-svscan");
  if (program === null) return null;
  return {
    name: "s6",
    version: await packageVersion("s6"),
    async prepare(site, services): Promise<Supervisor> {
      const directory = join(site.root, "service");
      await makeServiceFolders(directory, services, {
        logger: "s6-log T n10 s1000000 ./main",
        begin: `echo >&${READY_FD}; exec ${READY_FD}>&-`,
      });
      for (const { name } of services) {
        await Deno.writeTextFile(join(directory, name, "notification-fd"), `${READY_FD}\n`);
      }
      let pid = 0;
      return {
        start() {
          pid = site.launch([program, "-c", MAX_SERVICES, directory]);
          return Promise.resolve();
        },
        daemonPid: () => Promise.resolve(pid),
        stop: () => Promise.resolve(),
      };
    },
  };
}
