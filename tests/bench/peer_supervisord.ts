/** supervisord (http://supervisord.org/): one daemon, which is the parent of all services and reads their output. */
import { join } from "node:path";
import { installed, packageVersion, type Peer, type Site, type Supervisor } from "./peer.ts";
import type { Service } from "./service.ts";

/** Null when it is not installed. */
export async function supervisord(): Promise<Peer | null> {
  const program = await installed("supervisord");
  if (program === null) return null;
  const version = await packageVersion("supervisor");
  return { name: "supervisord", version, prepare: (site, services) => prepare(program, { site, services }) };
}

async function prepare(
  program: string,
  { site, services }: { site: Site; services: Service[] },
): Promise<Supervisor> {
  const { root } = site;
  const logs = join(root, "logs");
  await Deno.mkdir(logs);
  const config = join(root, "supervisord.conf");
  const sections = services.map((service) =>
    `[program:${service.name}]\ncommand=${service.program}\nautorestart=true\nredirect_stderr=true\n`
  );
  const main = [
    "[supervisord]",
    "nodaemon=true",
    `logfile=${join(root, "supervisord.log")}`,
    `pidfile=${join(root, "supervisord.pid")}`,
    `childlogdir=${logs}`,
    "",
  ];
  await Deno.writeTextFile(config, [...main, ...sections].join("\n"));
  let pid = 0;
  return {
    start() {
      pid = site.launch([program, "-c", config]);
      return Promise.resolve();
    },
    daemonPid: () => Promise.resolve(pid),
    stop: () => Promise.resolve(),
  };
}
