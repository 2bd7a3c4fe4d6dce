import type { Announcement } from "./announcements.ts";
import type { Samples } from "./figure.ts";
import { startTicks } from "./process_table.ts";
import type { Run } from "./site.ts";

/** Nothing new for so long, and the daemon is taken to have done what it will do. */
const CALM_MS = 4000;
const LOOK_EVERY_MS = 5;

interface Watched {
  service: string;
  pid: number;
  startTicks: number;
  diedAt: number | null;
}

/**
 * The daemon is killed and its command run again at once, as an init system would. How long the service that suffered
 * most was not there, to 5 ms, and how many services run twice when all is calm.
 */
export async function measureKilledDaemon({ supervisor, services, announcements }: Run): Promise<Samples> {
  const watched = await Promise.all(services.map(({ name }) => watch(name, announcements.all)));
  const daemon = await supervisor.daemonPid();
  const killedAt = performance.now();
  Deno.kill(daemon, "SIGKILL");
  await supervisor.start();
  const started = () => announcements.all.filter((announcement) => announcement.at > killedAt);
  while (performance.now() - (started().at(-1)?.at ?? killedAt) < CALM_MS) {
    for (const one of watched) await look(one);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const end = performance.now();
  const next = (service: string) => started().find((announcement) => announcement.service === service);
  const gaps = watched.map(({ service, diedAt }) =>
    diedAt === null ? 0 : Math.max(0, (next(service)?.at ?? end) - diedAt)
  );
  const doubled = watched.filter(({ service, diedAt }) => diedAt === null && next(service) !== undefined);
  return { killed_downtime: Math.max(...gaps), killed_doubled: doubled.length };
}

async function watch(service: string, all: Announcement[]): Promise<Watched> {
  const { pid } = all.findLast((announcement) => announcement.service === service)!;
  const ticks = await startTicks(pid);
  if (ticks === null) throw new Error(`${service} does not run before the daemon is killed`);
  return { service, pid, startTicks: ticks, diedAt: null };
}

async function look(watched: Watched): Promise<void> {
  if (watched.diedAt === null && await startTicks(watched.pid) !== watched.startTicks) {
    watched.diedAt = performance.now();
  }
}
