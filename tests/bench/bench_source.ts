/** The part of the bench that is about large repositories: how long a push takes to be here, and whose memory it costs. */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { join } from "node:path";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/demo_daemon.ts";
import { GIT_ENVIRONMENT } from "../support/git_environment.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { tempDir } from "../support/temp.ts";
import type { Samples } from "./figure.ts";
import { daemonCommand } from "./peer_harbornode.ts";
import { PeakMemory, residentKiB } from "./peak_memory.ts";

interface Case {
  title: string;
  fill(repository: GitRepository): Promise<void>;
  /** Of this device. */
  workloads: number;
}

const CASES: Case[] = [
  {
    title: "10 000 files of 100 bytes",
    workloads: 0,
    fill: (repository) => files(repository, 10_000, (n) => [`data/${n % 100}/${n}`, `${n} `.repeat(20)]),
  },
  {
    title: "100 MB in 100 files",
    workloads: 0,
    fill: (repository) => files(repository, 100, (n) => [`data/${n}`, randomBytes(1e6)]),
  },
  {
    title: "1 000 manifests, 20 for this device",
    workloads: 20,
    fill: (repository) =>
      files(repository, 1000, (n) => {
        const on = n % 50 === 0 ? "bench" : "another";
        return [`services/s${n}.toml`, `command = ["sleep", "${n}"]\nsuspend = true\non = ["${on}"]\n`];
      }),
  },
];

/** Prints its own small table, and returns the samples by the title of the repository. */
export async function benchSource(executable: string | null): Promise<Record<string, Samples>> {
  const found: Record<string, Samples> = {};
  for (const one of CASES) {
    console.error(`repository: ${one.title}`);
    found[one.title] = await measure(one, executable);
  }
  console.log(
    `\n${"a push over http, until it is read".padEnd(38)}   time  git's  ratio  child  git's  daemon: before  after`,
  );
  for (const [title, sample] of Object.entries(found)) {
    const of = (id: string) => sample[id] ?? NaN;
    const cells = [
      of("ms").toFixed(0).padStart(7),
      of("git_ms").toFixed(0).padStart(7),
      (of("ms") / of("git_ms")).toFixed(2).padStart(7),
      of("child_mb").toFixed(0).padStart(7),
      of("git_mb").toFixed(0).padStart(7),
      of("before_mb").toFixed(0).padStart(16),
      of("after_mb").toFixed(0).padStart(7),
    ];
    console.log(`${title.padEnd(38)}${cells.join("")}`);
  }
  console.log(
    "ms and MB: the peak of the process (child) and of all processes of a clone (git's), and the daemon's own",
  );
  return found;
}

async function measure({ fill, workloads }: Case, executable: string | null): Promise<Samples> {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "served/fleet"));
  await repository.commit("nothing yet");
  await using server = await GitServer.start(join(dir.path, "served"));
  await using daemon = await startDaemon(dir.path, { url: server.url("fleet"), executable });
  await daemon.until((snapshot) => snapshot.source.sync === "synced");
  const before = await residentKiB(daemon.pid);

  await fill(repository);
  await using peak = PeakMemory.below(daemon.pid);
  const id = await repository.commit("a large push");
  const began = performance.now();
  await daemon.until(({ source, workloads: shown }) =>
    source.sync === "synced" && source.attempted === id && shown.length === workloads
  );
  const ms = performance.now() - began;
  const after = await residentKiB(daemon.pid);
  const git = await cloneByGit(server.url("fleet"), join(dir.path, "clone"));
  return {
    ms,
    ...git,
    child_mb: peak.largestKiB * 1024 / 1e6,
    before_mb: before * 1024 / 1e6,
    after_mb: after * 1024 / 1e6,
  };
}

async function cloneByGit(url: string, into: string): Promise<Samples> {
  const began = performance.now();
  const clone = new Deno.Command("git", {
    args: ["clone", "--quiet", "--bare", "--depth=1", url, into],
    env: GIT_ENVIRONMENT,
  }).spawn();
  await using peak = PeakMemory.below(clone.pid, { itselfToo: true });
  if (!(await clone.status).success) throw new Error("git could not clone");
  return { git_ms: performance.now() - began, git_mb: peak.togetherKiB * 1024 / 1e6 };
}

interface Daemon extends AsyncDisposable {
  pid: number;
  until(claim: (snapshot: Snapshot) => boolean): Promise<void>;
}

async function startDaemon(
  root: string,
  { url, executable }: { url: string; executable: string | null },
): Promise<Daemon> {
  const port = await freePort();
  const config = join(root, "config.toml");
  const lines = [
    'device = "bench"',
    'listen_address = "127.0.0.1"',
    `listen_port = ${port}`,
    "[repo]",
    `url = "${url}"`,
    'interval = "100ms"',
    'timeout = "120s"',
    "[runtime]",
    "docker_enabled = false",
    "[log]",
    'level = "error"',
    "",
  ];
  await Deno.writeTextFile(config, lines.join("\n"));
  const [program, ...args] = [...daemonCommand(executable), "run", "--config", config];
  const child = new Deno.Command(program!, { args, stdin: "null" }).spawn();
  return {
    pid: child.pid,
    until: async (claim) => {
      await eventually("the repository is here", async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/status`);
        return claim(await answer.json() as Snapshot);
      }, { deadlineMs: 120_000 });
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

async function files(
  repository: GitRepository,
  count: number,
  file: (n: number) => [path: string, content: string | Uint8Array],
): Promise<void> {
  for (let n = 0; n < count; n++) await repository.write(...file(n));
}

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
