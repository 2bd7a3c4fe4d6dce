/** Logs are cut under programs that write, as the kernel has it: what is kept is counted line by line. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { rotate } from "../../../../src/runtime/native/log/rotate.ts";
import { canCollapse } from "../../../../src/runtime/native/log/collapse_range.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { cutTimes, endlessWriter, everything, firstWrong, logFolder, numbered, pieces } from "./log_folder.ts";

const { signal } = new AbortController();
/** The C library stays loaded for the life of the process. */
const LOADS = { sanitizeResources: false };
const names = async (path: string) =>
  (await Array.fromAsync(Deno.readDir(dirname(path)))).map((entry) => entry.name).sort();
const fill = (path: string, from: number, to: number) =>
  Deno.writeTextFile(path, `${numbered(from, to).join("\n")}\n`, { append: true });

await testNeeding(
  [],
  "a log that is cut at its front loses, doubles and tears no line of a program that only writes",
  async () => {
    await using folder = await logFolder();
    if (!canCollapse(dirname(folder.path))) return;
    const writing = endlessWriter(folder.path);
    await cutTimes(folder.log, 10, { bound: { maxBytes: 200_000, maxFiles: 100 }, method: "best" });
    const lines = await writing.end();
    const all = (await everything(folder.path)).split("\n");
    assert.equal(firstWrong(all.slice(0, -1)), null);
    assert.equal(all.length, lines + 1);
  },
  LOADS,
);

// How many lines a cut costs is up to the kernel, which may let the program write between two system calls of ours for
// as long as it likes: the bench counts them.
await testNeeding(
  [],
  "a log that is copied and emptied has each piece whole, from cut to cut, and no line twice",
  async () => {
    await using folder = await logFolder({ memory: true });
    const maxBytes = 30_000;
    const writing = endlessWriter(folder.path, { idle: 40 });
    await cutTimes(folder.log, 10, { bound: { maxBytes, maxFiles: 100 }, method: "copy" });
    const lines = await writing.end();
    const kept = await pieces(folder.path);
    assert.equal(kept.length, 11);
    let next = 0;
    for (const [index, piece] of kept.entries()) {
      if (index < 10) assert.ok(piece.length > maxBytes, `archive ${index} has ${piece.length} bytes`);
      const whole = piece.split("\n");
      // The last read before the cut may have met a line of which the kernel had taken the beginning.
      const torn = whole.pop()!;
      if (whole.length === 0) continue;
      const first = Number(whole[0]!.slice(5));
      assert.ok(index === 0 ? first === 0 : first >= next, `piece ${index} begins with "${whole[0]}"`);
      assert.equal(firstWrong(whole, first), null);
      next = first + whole.length;
      assert.ok(`line ${next}`.startsWith(torn), `piece ${index} ends with "${torn}"`);
    }
    assert.ok(next <= lines, `${next} of ${lines}`);
  },
);

for (const method of ["best", "copy"] as const) {
  await testNeeding([], `a log keeps as many archives as it is told to, the newest first (${method})`, async () => {
    await using folder = await logFolder();
    const { log, path } = folder;
    for (let round = 0; round < 5; round++) {
      await fill(path, round * 10_000, (round + 1) * 10_000);
      await rotate(log, { maxBytes: 50_000, maxFiles: 2 }, { method, signal });
    }
    assert.deepEqual(await names(path), ["0.log", "0.log.1.gz", "0.log.2.gz"]);
    const kept = (await everything(path)).split("\n").slice(1, -1);
    assert.equal(firstWrong(kept, 50_000 - kept.length), null);
    await rotate(log, { maxBytes: 50_000, maxFiles: 1 }, { method, signal });
    assert.deepEqual(await names(path), ["0.log", "0.log.1.gz"]);
    await rotate(log, { maxBytes: 50_000, maxFiles: 0 }, { method, signal });
    // What was emptied whole would otherwise be gone to its last line.
    assert.deepEqual(await names(path), method === "best" ? ["0.log"] : ["0.log", "0.log.1.gz"]);
  }, LOADS);
}

await testNeeding(
  [],
  "a log within its bound is not touched, and over it keeps three quarters in one piece",
  async () => {
    await using folder = await logFolder();
    const { log, path } = folder;
    if (!canCollapse(dirname(path))) return;
    await fill(path, 0, 10_000);
    const { size } = await Deno.stat(path);
    await rotate(log, { maxBytes: size, maxFiles: 1 }, { method: "best", signal });
    assert.deepEqual(await names(path), ["0.log"]);
    await rotate(log, { maxBytes: size - 1, maxFiles: 1 }, { method: "best", signal });
    const left = (await Deno.stat(path)).size;
    assert.ok(left >= (size - 1) * 3 / 4 && left < size * 3 / 4 + 4096, `${left} of ${size}`);
  },
  LOADS,
);

await testNeeding([], "a daemon that dies between archive and cut leaves lines twice, and loses none", async () => {
  await using folder = await logFolder();
  const { path } = folder;
  await fill(path, 0, 10_000);
  const compressed = new Blob([await Deno.readFile(path)]).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${path}.1.gz`, new Uint8Array(await new Response(compressed).arrayBuffer()).slice());
  await fill(path, 10_000, 12_000);
  await rotate(folder.reopen(), { maxBytes: 100_000, maxFiles: 9 }, { method: "best", signal });
  const lines = new Set((await everything(path)).split("\n"));
  for (const line of numbered(0, 12_000)) assert.ok(lines.has(line), line);
}, LOADS);

await testNeeding(
  [],
  "what an earlier daemon emptied and did not come to compress is an archive all the same",
  async () => {
    await using folder = await logFolder();
    const { path } = folder;
    await fill(`${path}.1`, 0, 100);
    await fill(path, 100, 10_000);
    const log = folder.reopen();
    assert.equal(log.archives.length, 1);
    await rotate(log, { maxBytes: 50_000, maxFiles: 9 }, { method: "copy", signal });
    assert.deepEqual(await names(path), ["0.log", "0.log.1.gz", "0.log.2.gz"]);
    assert.equal(firstWrong((await everything(path)).split("\n").slice(0, -1)), null);
  },
);
