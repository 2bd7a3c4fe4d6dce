/** Commits of a few hundred kilobytes that unfold to gigabytes, pushed over http to a device on which a service runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { commitPaths, under, zeros } from "../support/git_trees.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SLEEP = 'command = ["/bin/sleep", "3600"]\nstop_timeout = "100ms"\n';
/** A daemon from source has less than half of it; each bomb would take as much or more. */
const MAX_RESIDENT = 400 * MIB;

interface Bomb {
  name: string;
  paths(repository: GitRepository): Promise<[path: string, blob: string][]>;
  /** What the source says; null where the revision is taken. */
  refused: RegExp | null;
  /** What each workload of the bomb says. */
  invalid?: RegExp;
}

const BOMBS: Bomb[] = [
  {
    name: "60 manifests that are one blob of 20 MiB",
    paths: async (repository) => under(await zeros(repository, 20 * MIB), 60, (n) => `services/bomb${n}.toml`),
    refused: /has more than 256 MiB of files, counted by path \(".*" alone has 21\.0 MB under 60 paths\)/,
  },
  {
    name: "60 files of one workload that are one blob of 20 MiB",
    paths: async (repository) => under(await zeros(repository, 20 * MIB), 60, (n) => `services/good/f${n}`),
    refused: /has more than 256 MiB of files, counted by path \(".*" alone has 21\.0 MB under 60 paths\)/,
  },
  {
    name: "4 manifests that are one blob of 40 MiB",
    paths: async (repository) => under(await zeros(repository, 40 * MIB), 4, (n) => `services/bomb${n}.toml`),
    refused: null,
    invalid: /^the file has 40 MiB, and 64 KiB is the limit$/,
  },
  {
    name: "1000 manifests that are one blob of 60 KiB",
    paths: async (repository) => under(await zeros(repository, 60 * KIB), 1000, (n) => `services/bomb${n}.toml`),
    refused: /its 1001 manifests, secrets and shared files have 61\.4 MB together, and 16 MiB is the limit$/,
  },
  {
    name: "200 secrets that are one blob of 100 KiB",
    paths: async (repository) => under(await zeros(repository, 100 * KIB), 200, (n) => `secrets/bomb${n}.age`),
    refused: /its 201 manifests, secrets and shared files have 20\.5 MB together/,
  },
  {
    name: "10 100 empty files",
    paths: async (repository) => under(await zeros(repository, 1), 10_100, (n) => `services/good/f${n}`),
    refused: /has more than 10000 files below \[repo\] path/,
  },
];

await testNeeding(["git"], "a commit that unfolds costs the device neither memory nor disk nor a service", async () => {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(await tempDir()).path;
  const repository = await GitRepository.create(join(root, "git/fleet"));
  const server = stack.use(await GitServer.start(join(root, "git")));
  await repository.write("services/good.toml", SLEEP);
  let head = await repository.commit("good");
  const url = server.url("fleet");
  const device = stack.use(await TestDevice.start({ root, repository: url, repo: ['interval = "200ms"'] }));
  const { instances: [good] } = await device.until("good", (workload) => workload.phase === "running");
  const daemon = (await device.status())!.daemon.pid;

  for (const { name, paths, refused, invalid } of BOMBS) {
    const bomb = await commitPaths(repository, await paths(repository), name);
    const status = await eventually(name, async () => {
      const seen = await device.status();
      const isLooked = refused === null ? seen?.source.planned === bomb : seen?.source.sync === "failed";
      return seen?.source.seen === bomb && isLooked && seen;
    });
    if (refused !== null) {
      assert.match(status.source.error?.message ?? "", refused, name);
      assert.equal(status.source.error?.reason, "repo_invalid", name);
      assert.deepEqual(status.workloads.map((workload) => workload.name), ["good"], name);
      assert.equal(status.source.planned, head, "the revision before counts");
    } else {
      const said = status.workloads.filter((workload) => workload.name !== "good").map(({ problems }) =>
        problems[0]!.message
      );
      assert.equal(said.length, 4);
      for (const message of said) assert.match(message, invalid!);
    }
    const resident = await mostResident(daemon);
    assert.ok(resident < MAX_RESIDENT, `${name}: the daemon had ${Math.round(resident / MIB)} MiB`);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(join(device.dataDir, "files"))), [], name);
    const kept = (await Array.fromAsync(Deno.readDir(device.dataDir))).map((entry) => entry.name);
    assert.deepEqual(kept.filter((one) => one.startsWith("repository")), ["repository"], name);

    await repository.git("revert", "--no-edit", "HEAD");
    await repository.git("reset", "--quiet", "--hard");
    head = await repository.git("rev-parse", "HEAD");
    await eventually(`after ${name} the revert is taken`, async () => {
      const seen = await device.status();
      return seen?.source.planned === head && seen.source.error === null && seen.workloads.length === 1;
    });
    assert.equal((await device.status())?.daemon.pid, daemon, name);
    assert.equal((await device.workload("good"))?.instances[0]?.pid, good!.pid, name);
  }
});

/** Of the process since it began, in bytes. */
async function mostResident(pid: number): Promise<number> {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await Deno.readTextFile(`/proc/${pid}/status`)) ?? [];
  return Number(kilobytes) * KIB;
}

await testNeeding(
  ["git", "root"],
  "files that would fill the disk harm their own workload alone, and the reserve stays free",
  async () => {
    await using stack = new AsyncDisposableStack();
    const root = stack.use(await tempDir()).path;
    const repository = await GitRepository.create(join(root, "fleet"));
    await repository.write("services/good.toml", SLEEP);
    await repository.commit("good");
    const disk = join(root, "data");
    await Deno.mkdir(disk);
    const mount = ["-t", "tmpfs", "-o", "size=64m,mode=711", "none", disk];
    assert.ok((await new Deno.Command("mount", { args: mount }).output()).success);
    stack.defer(async () => void await new Deno.Command("umount", { args: ["--lazy", disk] }).output());
    const extra = ["[runtime]", "docker_enabled = false", "[limits]", 'disk_reserve = "16Mi"'];
    const device = stack.use(
      await TestDevice.start({ root, repository: repository.dir, repo: ['interval = "200ms"'], extra }),
    );
    const { instances: [good] } = await device.until("good", (workload) => workload.phase === "running");

    for (const name of ["large", "small"]) await repository.write(`services/${name}.toml`, SLEEP);
    await repository.write("services/small/file", "x");
    await repository.git("add", "--all");
    const blob = await zeros(repository, 2 * MIB);
    await commitPaths(repository, under(blob, 30, (n) => `services/large/f${n}`), "60 MiB");
    const { problems } = await device.until("large", (workload) => workload.phase === "invalid");
    assert.match(
      problems[0]!.message,
      /large needs 62\.9 MB, and the disk has [\d.]+ MB free, of which 16\.8 MB are kept$/,
    );
    await device.until("small", (workload) => workload.phase === "running");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(join(disk, "files")))).map(({ name }) => name), ["small"]);

    // Random bytes: the content itself is more than the disk has above the reserve.
    for (let part = 0; part < 60; part++) {
      const bytes = new Uint8Array(MIB);
      for (let at = 0; at < MIB; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
      await repository.write(`random/${part}`, bytes);
    }
    await repository.commit("60 MiB of content");
    const refused = await eventually("the fetch is refused", async () => {
      const seen = await device.status();
      return seen?.source.error?.reason === "insufficient_disk" && seen.source.error;
    });
    assert.match(refused.message, /^The repository ".*" needs [\d.]+ MB or more, and the disk has/);
    assert.equal((await device.workload("good"))?.instances[0]?.pid, good!.pid);
    const kept = (await Array.fromAsync(Deno.readDir(disk))).map(({ name }) => name);
    assert.deepEqual(kept.filter((one) => one.startsWith("repository")), ["repository"]);
  },
);
