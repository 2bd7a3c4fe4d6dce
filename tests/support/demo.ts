/**
 * `deno task demo`: a throw-away device on this machine. Makes a repository from examples/hello, runs the real daemon
 * on it, and says how to change something. Ctrl-C stops all of it and leaves nothing behind. With --once it ends by
 * itself: exit 0 when everything was healthy, 1 with the reason after 30 seconds.
 *
 * HARBORNODE_EXECUTABLE runs a compiled executable in the place of the source.
 */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { join } from "node:path";
import type { Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import { DemoDaemon, type DemoPaths, freePort } from "./demo_daemon.ts";
import { helloImage } from "./demo_image.ts";
import { makeRepository } from "./demo_repository.ts";

const ONCE_MS = 120_000;
const EXAMPLE = new URL("../../examples/hello/", import.meta.url).pathname;

const once = Deno.args.includes("--once");
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(name, () => interrupted.abort(new Error("interrupted")));
}

Deno.exit(await demo());

async function demo(): Promise<number> {
  const root = await Deno.makeTempDir({ prefix: "harbornode-demo-" });
  // Its services run as users of their own: they may pass the folder, and list nothing.
  await Deno.chmod(root, 0o711);
  const port = await freePort();
  const paths: DemoPaths = { root, repository: join(root, "repository"), config: join(root, "config.toml"), port };
  say(`a device in ${root}`);
  await using image = await helloImage((line) => say(line));
  const daemon = new DemoDaemon(paths);
  try {
    await makeRepository(EXAMPLE, paths.repository);
    say(`a git repository with ${EXAMPLE.split("/").slice(-3, -1).join("/")}`);
    await daemon.start();
    const healthy = await watch(daemon, image.docker);
    if (!healthy) return interrupted.signal.aborted ? 130 : 1;
    if (once) return 0;
    invite(paths);
    await follow(daemon);
    return 0;
  } finally {
    console.log("");
    say("stopping");
    await daemon.down();
    await Deno.remove(root, { recursive: true });
    say("nothing is left");
  }
}

/** Shows each change as it comes. True when all is healthy; after two minutes with --once, false with the reason. */
async function watch(daemon: DemoDaemon, docker: boolean): Promise<boolean> {
  const limit = once ? AbortSignal.any([interrupted.signal, AbortSignal.timeout(ONCE_MS)]) : interrupted.signal;
  const told = new Map<string, string>();
  let last: Snapshot | null = null;
  while (!limit.aborted) {
    const snapshot = await daemon.status();
    if (daemon.ended !== null) {
      console.log(`error: the daemon ended: ${daemon.ended}`);
      return false;
    }
    for (const workload of snapshot?.workloads ?? []) {
      const line = `${workload.name.padEnd(12)} ${workload.phase.padEnd(9)} ${
        workload.health.padEnd(9)
      } ${workload.message}`;
      if (told.get(workload.name) !== line) say(line);
      told.set(workload.name, line);
    }
    last = snapshot ?? last;
    if (snapshot !== null && isUp(snapshot, docker)) {
      summary(snapshot, daemon);
      return true;
    }
    await pause(100, limit);
  }
  if (!interrupted.signal.aborted) explain(last);
  return false;
}

/** Says what happens on the device from now on, until somebody has seen enough. */
async function follow(daemon: DemoDaemon): Promise<void> {
  let seen: Set<string> | null = null;
  while (!interrupted.signal.aborted) {
    const events = (await daemon.status())?.events ?? [];
    const told = new Set(events.map(({ at, message }) => `${at} ${message}`));
    for (const { at, message } of seen === null ? [] : events) if (!seen!.has(`${at} ${message}`)) say(message);
    if (events.length > 0) seen = told;
    await pause(100, interrupted.signal);
  }
}

function isUp({ source, workloads }: Snapshot, docker: boolean): boolean {
  return source.attempted !== null && workloads.length > 0 && workloads.every((workload) => isFine(workload, docker));
}

/** Where no Docker answers, a deployment that says just that is no failure of the demo. */
function isFine(workload: WorkloadStatus, docker: boolean): boolean {
  if (workload.phase === "running" && workload.health === "healthy" && workload.sync === "synced") return true;
  return !docker && workload.phase === "blocked" && workload.reason === "docker_unavailable";
}

function summary({ workloads }: Snapshot, daemon: DemoDaemon): void {
  console.log("");
  for (const workload of workloads) {
    const what = workload.instances.map((each) => each.container_id?.slice(0, 12) ?? `pid ${each.pid}`).join(", ");
    say(
      `${workload.name.padEnd(12)} ${workload.health === "healthy" ? "healthy" : workload.phase}  ${
        what || workload.message
      }`,
    );
  }
  console.log(`\n  The page        ${daemon.url}`);
}

function invite({ repository, config }: DemoPaths): void {
  console.log(
    [
      `  The repository  ${repository}`,
      "",
      "  Change something, and watch the page follow within a second:",
      "",
      `    cd ${repository}`,
      "    echo 'Ahoy from git' > services/greeter/message.txt",
      "    git commit -qam 'Say something else'",
      "",
      "  Or look from the command line, in the folder where you are now:",
      "",
      `    ${DemoDaemon.command} status --config ${config}`,
      `    ${DemoDaemon.command} logs greeter -f --config ${config}`,
      "",
      "  Ctrl-C stops all of it and leaves nothing behind.",
    ].join("\n"),
  );
}

function explain(last: Snapshot | null): void {
  console.log(`error: not everything was healthy within ${ONCE_MS / 1000} s`);
  if (last === null) console.log("  the daemon gave no status");
  if (last?.source.error) console.log(`  repository: ${last.source.error.message}`);
  for (const workload of last?.workloads ?? []) {
    console.log(`  ${workload.name}: ${workload.phase}, ${workload.health}: ${workload.message}`);
  }
}

function say(line: string): void {
  console.log(`  ${line}`);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return until(AbortSignal.any([signal, AbortSignal.timeout(ms)]));
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    // An abort signal alone does not keep the program alive.
    const alive = setInterval(() => signal.aborted && clearInterval(alive), 1000);
  });
}
