/** runit (https://smarden.org/runit/): a runsv a service, and a svlogd that its output goes through. */
import { join } from "node:path";
import { installed, packageVersion, type Peer, type Supervisor } from "./peer.ts";
import { makeServiceFolders } from "./service_folder.ts";

/** Null when it is not installed. */
export async function runit(): Promise<Peer | null> {
  const program = await installed("runsvdir");
  if (program === null) return null;
  return {
    name: "runit",
    version: await packageVersion("runit"),
    async prepare(site, services): Promise<Supervisor> {
      const directory = join(site.root, "service");
      await makeServiceFolders(directory, services, { logger: "svlogd -tt ./main" });
      let pid = 0;
      return {
        start() {
          pid = site.launch([program, "-P", directory]);
          return Promise.resolve();
        },
        daemonPid: () => Promise.resolve(pid),
        stop: () => Promise.resolve(),
      };
    },
  };
}
