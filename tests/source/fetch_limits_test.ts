/** What a repository may ask of a device: each limit counts paths, holds before anything is written, and is said. */
import assert from "node:assert/strict";
import { runWorker } from "../../src/source/git_worker/run_worker.ts";
import { commitPaths, treeOf, under, zeros } from "../support/git_trees.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sync } from "./fleet.ts";

const MIB = 1024 * 1024;

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}

for (const type of ["remote", "local"] as const) {
  await testNeeding(
    ["git"],
    `one content under 60 paths of a ${type} repository counts 60 times, and nothing of it is written`,
    async () => {
      await using on = await fleet();
      const source = on.source(type === "local" ? { url: on.repository.dir } : {});
      await sync(source);
      const blob = await zeros(on.repository, 5 * MIB);
      const bomb = await commitPaths(on.repository, under(blob, 60, (n) => `services/b${n}.toml`), "a bomb");

      await assert.rejects(sync(source), {
        name: "Failure",
        kind: "mistake",
        reason: "repo_invalid",
        message:
          /has more than 256 MiB of files, counted by path \("services\/b1\.toml" alone has 5\.2 MB under 60 paths\)/,
        hint: /downloaded by URL/,
      });
      assert.equal((await source.lastFetched())?.id, on.first, "the revision before stays");
      assert.deepEqual(await namesIn(`${on.dir}/data`), ["repository"], "nothing half-written stays");
      on.server.requests.length = 0;
      await assert.rejects(source.fetch(bomb, () => {}, FOREVER), { reason: "repo_invalid" });
      assert.deepEqual(on.server.requests, [], "it is not fetched again");

      // As much as fits is taken, by one path more than fits it is not.
      await on.repository.git("reset", "--quiet", "--hard", on.first);
      await commitPaths(on.repository, under(blob, 51, (n) => `services/b${n}.toml`), "below the limit");
      assert.equal((await sync(source)).entries.length, 2 + 51);
      assert.ok((await Deno.stat(`${on.gitDir}/content`)).size < 6 * MIB, "one content is stored once");
    },
  );
}

await testNeeding(["git"], "paths that are too long and folders that are too deep are told at once", async () => {
  await using on = await fleet();
  const { repository } = on;
  const blob = await zeros(repository, 10);
  let deep = await treeOf(repository, [{ name: "file", id: blob, type: "blob" }]);
  for (let level = 0; level < 40; level++) deep = await treeOf(repository, [{ name: "d", id: deep, type: "tree" }]);
  const long = "n".repeat(1100);
  const root = await treeOf(repository, [
    { name: "deep", id: deep, type: "tree" },
    { name: long, id: blob, type: "blob" },
    { name: `${long}2`, id: blob, type: "blob" },
  ]);
  const commit = await repository.git("commit-tree", root, "-m", "strange");
  await repository.git("update-ref", "refs/heads/strange", commit);
  const failure = await sync(on.source({ branch: "strange" })).then(() => null, (error) => error);
  assert.equal(failure?.kind, "mistake");
  assert.match(failure.message, /2 paths over 1024 bytes \("n{60}\.\.\.n{17}"\), and 1 path with more than 32 folders/);
  assert.ok(failure.message.length < 500, failure.message);
});

await testNeeding(
  ["git"],
  "a commit whose message has megabytes is refused, and one line is shown shortened",
  async () => {
    await using on = await fleet();
    const message = `${on.dir}/message`;
    const commit = async (text: string) => {
      await Deno.writeTextFile(message, text);
      await on.repository.git("commit", "--quiet", "--allow-empty", "--file", message);
    };
    await commit("s".repeat(500_000));
    const { subject } = await sync(on.source());
    assert.equal(subject, `${"s".repeat(197)}...`);
    await commit("m".repeat(1_100_000));
    await assert.rejects(sync(on.source()), {
      kind: "mistake",
      message: /^Commit [0-9a-f]{7} of .* has 1\.1 MB, and 1 MiB/,
    });
  },
);

await testNeeding(["git"], "a record on the disk is compared with the limits before its content is read", async () => {
  await using on = await fleet();
  await sync(on.source());
  const path = `${on.gitDir}/harbornode.json`;
  const record = JSON.parse(await Deno.readTextFile(path));
  const [first] = record.entries;
  // As an older version, with other limits, may have left it. Without its content: nobody is to look for that.
  record.entries = Array.from({ length: 60 }, (_, n) => ({ ...first, path: `services/b${n}.toml`, size: 60 * MIB }));
  await Deno.writeTextFile(path, JSON.stringify(record));
  await Deno.remove(`${on.gitDir}/content`);
  await assert.rejects(on.source().lastFetched(), { kind: "mistake", message: /alone has 62\.9 MB under 60 paths/ });

  for (const size of [-1, 1e300, "1", null]) {
    record.entries = [{ ...first, size }];
    await Deno.writeTextFile(path, JSON.stringify(record));
    assert.equal(await on.source().lastFetched(), null, `size ${size}`);
  }
  await Deno.writeTextFile(path, JSON.stringify(record).padEnd(33 * MIB));
  assert.equal(await on.source().lastFetched(), null, "a record over its limit is not read");
});

await testNeeding(
  ["git"],
  "a large file is read in pieces alone, and a damaged piece is found at the end",
  async () => {
    await using on = await fleet();
    const blob = await zeros(on.repository, 2 * MIB);
    await commitPaths(on.repository, [["services/hello/large", blob]], "large");
    const source = on.source();
    const revision = await sync(source);
    const entry = revision.entries.find(({ path }) => path === "services/hello/large")!;
    assert.equal(entry.size, 2 * MIB);
    await assert.rejects(revision.read(entry), { name: "Failure", message: /"services\/hello\/large" has 2\.1 MB/ });
    const sizes = [];
    for await (const piece of revision.chunks(entry)) sizes.push(piece.length);
    assert.deepEqual(sizes, Array.from({ length: 8 }, () => MIB / 4));

    using file = await Deno.open(`${on.gitDir}/content`, { write: true });
    const { entries } = JSON.parse(await Deno.readTextFile(`${on.gitDir}/harbornode.json`));
    const { offset } = entries.find(({ path }: { path: string }) => path === entry.path);
    await file.seek(offset + 2 * MIB - 1, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(7));
    await assert.rejects(async () => {
      for await (const _piece of revision.chunks(entry));
    }, { name: "Failure", message: /is damaged: services\/hello\/large$/ });
  },
);

await testNeeding(["git"], "a fetch leaves the reserve of the disk free, and what is small may use it", async () => {
  await using on = await fleet();
  const diskReserveBytes = Number.MAX_SAFE_INTEGER;
  const source = on.source({}, { diskReserveBytes });
  assert.equal((await sync(source)).id, on.first, "a small revision mends a device that is short of space");
  // Neither the pack of random bytes nor the content of zeros is written.
  for (const content of [crypto.getRandomValues(new Uint8Array(60_000)), new Uint8Array(2 * MIB)]) {
    for (let part = 0; part < 20; part++) {
      await on.repository.write(`part${part}`, content.map((byte) => byte === 0 ? 0 : byte ^ part));
    }
    await on.repository.commit("large");
    await assert.rejects(sync(source), {
      name: "Failure",
      kind: "refused",
      reason: "insufficient_disk",
      message:
        /^The repository "http.*" needs \d+\.\d MB or more, and the disk has [\d.]+ MB free, of which [\d.]+ MB are/,
      hint: /^free some space, or lower disk_reserve/,
    });
    assert.deepEqual(await namesIn(`${on.dir}/data`), ["repository"], "nothing half-written stays");
    assert.equal((await source.lastFetched())?.id, on.first);
  }
  assert.equal((await sync(on.source({}, { diskReserveBytes: 0 }))).entries.length, 22);
});

await testNeeding(["git"], "what a kill left of a fetch and of a record is removed before the next use", async () => {
  await using on = await fleet();
  await sync(on.source());
  for (const end of [".new/objects", ".old", ".history/50"]) {
    await Deno.mkdir(`${on.gitDir}${end}`, { recursive: true });
    await Deno.writeTextFile(`${on.gitDir}${end}/left`, "x");
  }
  await Deno.writeTextFile(`${on.gitDir}/harbornode.json.new`, "half");
  assert.equal((await on.source().lastFetched())?.id, on.first);
  assert.deepEqual(await namesIn(`${on.dir}/data`), ["repository"]);
  assert.deepEqual(await namesIn(on.gitDir), ["content", "harbornode.json"]);
});

await testNeeding(
  ["git"],
  "the git process itself refuses a content before it writes it, counted by path",
  async () => {
    await using on = await fleet();
    const blob = await zeros(on.repository, 5 * MIB);
    const id = await commitPaths(on.repository, under(blob, 60, (n) => `b${n}`), "a bomb");
    const dir = `${on.dir}/written`;
    await Deno.mkdir(dir);
    const gitdir = `${on.repository.dir}/.git`;
    const origin = { type: "local", url: on.repository.dir, gitdir, id } as const;
    const bounds = { budgetBytes: MIB, reserveBytes: 0, silenceMs: 1000 };
    const ref = { type: "branch", name: "main" } as const;
    const work = runWorker({ op: "fetch", origin, ref, path: "", dir, ...bounds }, { signal: FOREVER });
    await assert.rejects(work, { message: /counted by path \("b1" alone has 5\.2 MB under 60 paths\)/ });
    assert.equal((await Deno.stat(`${dir}/content`)).size, 0);
    assert.deepEqual(await namesIn(dir), ["content"]);
  },
);
