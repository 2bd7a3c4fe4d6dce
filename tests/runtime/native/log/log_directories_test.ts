/** Logs of instances that are started while the disk takes no lines. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../src/clock.ts";
import { LogStore } from "../../../../src/runtime/native/log/log_store.ts";
import { LogDirectories } from "../../../../src/runtime/native/log/log_directories.ts";
import type { LogOptions } from "../../../../src/runtime/runtime.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { smallDisk } from "../../../support/small_disk.ts";
import { tempDir } from "../../../support/temp.ts";
import { numbered } from "./log_folder.ts";

const LOADS = { sanitizeResources: false };
const append = (path: string, lines: string[]) =>
  Deno.writeTextFile(path, lines.map((line) => `${line}\n`).join(""), { append: true });

async function given(kind: "tmpfs" | "ext4" = "tmpfs") {
  const dir = await tempDir();
  const disk = await smallDisk(join(dir.path, "disk"), { kind, megabytes: kind === "ext4" ? 16 : 4 });
  const options = {
    logDir: join(disk.path, "logs"),
    asideDir: join(dir.path, "aside"),
    indexDir: join(dir.path, "run"),
  };
  const outputs: LogStore[] = [];
  return {
    disk,
    options,
    open() {
      const output = new LogStore({ ...options, clock: systemClock });
      outputs.push(output);
      return output;
    },
    async [Symbol.asyncDispose]() {
      for (const output of outputs) await output.close();
      await disk[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function read(output: LogStore, options: Partial<LogOptions> = {}): Promise<string[]> {
  const lines = await Array.fromAsync(output.read("web", { tail: null, follow: false, ...options }));
  return lines.map((line) => line.text);
}

for (const fault of ["readOnly", "fill", "useInodes"] as const) {
  await testNeeding(
    ["root"],
    `a log lies aside while the disk refuses (${fault}), is read after the usual one, and is brought back`,
    async () => {
      await using here = await given();
      const { disk, options, open } = here;
      const output = open();
      const usual = await output.fileFor("web", 0);
      assert.equal(usual, join(options.logDir, "web/0.log"));
      await append(usual, numbered(0, 100));
      if (fault === "useInodes") await Deno.remove(usual);
      await disk[fault]();

      const aside = await output.fileFor("web", 0);
      assert.equal(aside, join(options.asideDir, "web/0.log"));
      await append(aside, numbered(100, 200));
      const first = fault === "useInodes" ? 100 : 0;
      assert.deepEqual(await read(output), numbered(first, 200));
      assert.deepEqual(await read(output, { tail: 150 }), numbered(Math.max(first, 50), 200));
      // The next daemon finds it.
      assert.deepEqual(await read(open()), numbered(first, 200));
      assert.equal(await open().fileFor("web", 0), aside);

      await disk.writable();
      if (fault !== "readOnly") await disk.free();
      const next = open();
      assert.equal(await next.fileFor("web", 0), usual);
      assert.deepEqual(await read(next), numbered(first, 200));
      assert.equal(await Deno.readTextFile(usual), numbered(first, 200).map((line) => `${line}\n`).join(""));
      assert.deepEqual(await Array.fromAsync(Deno.readDir(join(options.asideDir, "web"))), []);
    },
    LOADS,
  );
}

await testNeeding(["root"], "a follower reads on where the log goes on aside", async () => {
  await using here = await given();
  const output = here.open();
  await append(await output.fileFor("web", 0), numbered(0, 10));
  const seen: string[] = [];
  const end = new AbortController();
  const following = (async () => {
    for await (const { text } of output.read("web", { tail: null, follow: true, signal: end.signal })) seen.push(text);
  })();
  await eventually("the first lines", () => seen.length === 10);
  await here.disk.readOnly();
  await append(await output.fileFor("web", 0), numbered(10, 20));
  await eventually("the others", () => seen.length === 20);
  end.abort();
  await following;
  assert.deepEqual(seen, numbered(0, 20));
}, LOADS);

await testNeeding(["root"], "a log aside is kept far below the bound of its manifest", async () => {
  await using here = await given("ext4");
  const places = new LogDirectories(here.options);
  const wanted = { maxBytes: 50 * 1024 * 1024, maxFiles: 5 };
  assert.deepEqual(places.bound("web", 0, wanted), wanted);
  await here.disk.abort();
  const aside = await places.choose("web", 0);
  assert.equal(aside, join(here.options.asideDir, "web/0.log"));
  const output = here.open();
  output.keepBounded(() => [{ workload: "web", slot: 0, bound: wanted, pid: null }]);
  const lines = numbered(0, 150_000);
  await append(aside, lines);
  assert.ok((await Deno.stat(aside)).size > 1024 * 1024);
  await eventually("it is cut", async () => (await Deno.stat(aside)).size <= 1024 * 1024);
  assert.equal((await read(output)).at(-1), lines.at(-1));
}, LOADS);

await testNeeding(["root"], "what does not fit back stays aside, and nothing of it is lost", async () => {
  await using here = await given();
  const { disk, open, options } = here;
  await open().fileFor("web", 0);
  await disk.readOnly();
  const aside = await open().fileFor("web", 0);
  await append(aside, numbered(0, 20_000));
  await disk.writable();
  await disk.fill();
  // Enough for a few lines, and not for all of them.
  const { size } = await Deno.stat(join(disk.path, ".ballast/bytes"));
  await Deno.truncate(join(disk.path, ".ballast/bytes"), size - 128 * 1024);
  assert.equal(await open().fileFor("web", 0), aside);
  await disk.free();
  assert.equal(await open().fileFor("web", 0), join(options.logDir, "web/0.log"));
  assert.deepEqual(await read(open()), numbered(0, 20_000));
}, LOADS);
