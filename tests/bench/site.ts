/** One run of one supervisor over a set of services, in a folder that is gone afterwards, with everything it started. */
import { Announcements } from "./announcements.ts";
import type { Peer, Supervisor } from "./peer.ts";
import { endAll, MARK, processesNaming } from "./process_table.ts";
import { idleService, type Service, type Stage } from "./service.ts";

/** A supervisor that needs longer for its services than this has failed. */
const UP_DEADLINE_MS = 120_000;

export interface Run {
  root: string;
  supervisor: Supervisor;
  services: Service[];
  announcements: Announcements;
  /** From the start of the command to the first line of the last service. */
  upAfterMs: number;
}

/** Those under way: what a Ctrl-C has to end. */
const underWay = new Set<() => Promise<void>>();

/**
 * Folders of runs of many services that are over, removed by `endAllRuns`: for a minute ext4 looks at every inode that was just freed
 * before it makes a new one, and the next supervisor would pay for the files of the one before it.
 */
const over: string[] = [];

/** What is under way, and what was kept. */
export async function endAllRuns(): Promise<void> {
  await Promise.all([...underWay].map((end) => end()));
  for (const root of over.splice(0)) await Deno.remove(root, { recursive: true });
}

/** Starts so many idle services under the peer, and ends them all after `body`, also when it fails. */
export async function withIdleServices<T>(peer: Peer, count: number, body: (run: Run) => Promise<T>): Promise<T> {
  const make = (stage: Stage) =>
    Promise.all(Array.from({ length: count }, (_, index) => idleService(stage, `service-${index}`)));
  return await withServices(peer, make, body);
}

/** As `withIdleServices`, for services that `make` writes. */
export async function withServices<T>(
  peer: Peer,
  make: (stage: Stage) => Promise<Service[]>,
  body: (run: Run) => Promise<T>,
): Promise<T> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "supervision-bench-" }));
  // Services of other users come by.
  await Deno.chmod(root, 0o755);
  const children: Deno.ChildProcess[] = [];
  await using announcements = await Announcements.open(root);
  const services = await make({ root, pipe: announcements.path });
  const launch = (argv: string[], { env = {}, log = "/dev/null" } = {}) => {
    const child = spawn(argv, { env: { ...env, [MARK]: root }, log });
    children.push(child);
    return child.pid;
  };
  const supervisor = await peer.prepare({ root, launch }, services);
  const end = async () => {
    underWay.delete(end);
    await supervisor.stop().finally(() => endAll(root));
    await Promise.all(children.map((child) => child.status));
    if (services.length > 1) over.push(root);
    else await Deno.remove(root, { recursive: true });
  };
  underWay.add(end);
  try {
    const since = performance.now();
    await supervisor.start();
    const names = services.map((service) => service.name);
    const last = await announcements.allUp(names, { since, deadlineMs: UP_DEADLINE_MS });
    return await body({ root, supervisor, services, announcements, upAfterMs: last - since });
  } finally {
    if (underWay.has(end)) await end();
  }
}

/** Processes of the run that are no services: the daemon and whatever it keeps beside them. */
export async function supervisorPids({ root, announcements }: Run): Promise<number[]> {
  const services = new Set(announcements.all.map((announcement) => announcement.pid));
  return (await processesNaming(root)).filter((pid) => !services.has(pid));
}

/** In a session of its own, so that Ctrl-C reaches the bench alone. Deno can give a child no open file: a shell does. */
function spawn(argv: string[], { env, log }: { env: Record<string, string>; log: string }): Deno.ChildProcess {
  const args = ["sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "launch", log, ...argv];
  return new Deno.Command("setsid", { args, env, stdin: "null", stdout: "null", stderr: "null" }).spawn();
}
