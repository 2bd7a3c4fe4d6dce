/** Reading logs while they are written, cut, archived, and emptied by the program itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../src/clock.ts";
import type { LogBound } from "../../../../src/model/workload.ts";
import { LogStore } from "../../../../src/runtime/native/log/log_store.ts";
import type { LogOptions } from "../../../../src/runtime/runtime.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";
import { everything, firstWrong, numbered, write } from "./log_folder.ts";

/** The C library stays loaded for the life of the process. */
const LOADS = { sanitizeResources: false };

interface DeviceOptions {
  bound: LogBound;
  method?: "best" | "copy";
  /** What is in the log when it is first looked at. */
  text?: string;
}

async function device({ bound, method = "best", text = "" }: DeviceOptions) {
  const dir = await tempDir();
  const [logDir, indexDir] = [join(dir.path, "logs"), join(dir.path, "run")];
  const open = () => {
    const output = new LogStore({ logDir, asideDir: null, indexDir, clock: systemClock, method });
    output.keepBounded(() => [{ workload: "web", slot: 0, bound, pid: null }]);
    return output;
  };
  const path = join(logDir, "web/0.log");
  await Deno.mkdir(join(logDir, "web"), { recursive: true });
  await Deno.writeTextFile(path, text);
  const outputs = [open()];
  return {
    path,
    index: join(indexDir, "web/0.log.index"),
    output: outputs[0]!,
    reopen() {
      outputs.push(open());
      return outputs.at(-1)!;
    },
    async [Symbol.asyncDispose]() {
      for (const output of outputs) await output.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const append = (path: string, text: string) => Deno.writeTextFile(path, text, { append: true });
const text = (from: number, to: number) => `${numbered(from, to).join("\n")}\n`;
const fill = (path: string, from: number, to: number) => append(path, text(from, to));
const archived = (path: string) => Deno.stat(`${path}.1.gz`).then(() => true, () => false);

async function read(output: LogStore, options: Partial<LogOptions>): Promise<string[]> {
  const lines = await Array.fromAsync(output.read("web", { tail: null, follow: false, ...options }));
  return lines.map((line) => line.text);
}

/** Follows until `last` came; `delayMs` of that many lines each makes it slow. */
function follow(output: LogStore, { last, slow = false }: { last: string; slow?: boolean }) {
  const stop = new AbortController();
  const lines: string[] = [];
  const done = (async () => {
    for await (const { text } of output.read("web", { tail: null, follow: true, signal: stop.signal })) {
      lines.push(text);
      if (text === last) stop.abort();
      if (slow && lines.length % 2000 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return { lines, done };
}

const ROOMY = { maxBytes: 10_000_000, maxFiles: 2 };

for (const slow of [false, true]) {
  await testNeeding(
    [],
    `a ${slow ? "slow " : ""}follower reads each line once and in order while the log is cut`,
    async () => {
      await using one = await device({ bound: { maxBytes: 300_000, maxFiles: 100 } });
      const lines = 200_000;
      const following = follow(one.output, { last: `line ${lines - 1}`, slow });
      await Promise.all([write(one.path, { lines }), following.done]);
      assert.equal(firstWrong(following.lines), null);
      assert.equal(following.lines.length, lines);
      await eventually("it was cut", () => archived(one.path));
      await one.output.close();
      const all = (await everything(one.path)).split("\n");
      assert.equal(firstWrong(all.slice(0, -1)), null);
    },
    LOADS,
  );
}

await testNeeding([], "a follower goes on where the log was copied and emptied", async () => {
  await using one = await device({ bound: { maxBytes: 20_000, maxFiles: 50 }, method: "copy" });
  const following = follow(one.output, { last: "line 9999" });
  for (let from = 0; from < 10_000; from += 500) {
    await fill(one.path, from, from + 500);
    await eventually("they came", () => following.lines.length === from + 500);
  }
  await following.done;
  assert.equal(firstWrong(following.lines), null);
  await eventually("it was emptied", () => archived(one.path));
});

await testNeeding([], "a follower begins anew with a log that its program emptied or replaced", async () => {
  await using one = await device({ bound: ROOMY });
  await fill(one.path, 0, 100);
  const following = follow(one.output, { last: "end" });
  await eventually("all came", () => following.lines.length === 100);
  await Deno.writeTextFile(one.path, "emptied\n");
  await eventually("the first line came", () => following.lines.at(-1) === "emptied");
  await Deno.rename(one.path, `${one.path}.old`);
  await Deno.writeTextFile(one.path, "replaced\nby another of some length\nend\n");
  await following.done;
  assert.deepEqual(following.lines.slice(100), ["emptied", "replaced", "by another of some length", "end"]);
});

for (const method of ["best", "copy"] as const) {
  await testNeeding(
    [],
    `the last lines reach back into archives, and the next daemon knows them too (${method})`,
    async () => {
      await using one = await device({ bound: { maxBytes: 100_000, maxFiles: 3 }, method });
      for (let round = 0; round < 4; round++) {
        const before = await Deno.stat(`${one.path}.1.gz`).then((info) => info.ino, () => 0);
        await fill(one.path, round * 12_000, (round + 1) * 12_000);
        await eventually("it was cut", async () => (await Deno.stat(`${one.path}.1.gz`)).ino !== before);
      }
      for (const output of [one.output, one.reopen()]) {
        for (const tail of [0, 1, 5, 8000, 20_000, 30_000]) {
          const lines = await read(output, { tail });
          assert.equal(lines.length, tail);
          assert.equal(firstWrong(lines, 48_000 - tail), null, `the last ${tail}`);
        }
        const all = await read(output, {});
        assert.ok(all.length > 30_000 && all.length < 48_000, `${all.length} lines`);
        assert.equal(firstWrong(all, 48_000 - all.length), null, "a line that lost its beginning is shown");
      }
    },
    LOADS,
  );
}

await testNeeding(
  [],
  "since gives what came after a time: a second too much at most, and nothing too little",
  async () => {
    const times = [Date.now()];
    await using one = await device({ bound: { maxBytes: 60_000, maxFiles: 9 }, text: text(0, 5000) });
    for (let round = 1;; round++) {
      const [done, before] = [Date.now(), text(0, (round - 1) * 5000).length];
      await eventually("it is remembered", async () => {
        // A mark a second: the next round is a second later than the last one.
        const marks = [...(await Deno.readTextFile(one.index)).matchAll(/^mark (\d+)/gm)].map(([, end]) => Number(end));
        return marks.some((end) => end > before) && Date.now() - done > 1100;
      });
      if (round === 4) break;
      times.push(Date.now());
      await fill(one.path, round * 5000, (round + 1) * 5000);
    }
    await eventually("it was cut", () => archived(one.path));
    for (const output of [one.output, one.reopen()]) {
      for (const [round, since] of times.entries()) {
        const lines = await read(output, { since });
        assert.equal(firstWrong(lines, 20_000 - lines.length), null);
        // A look may have met a round that was half written: the rest of it has no mark of its own.
        const tooMuch = lines.length - (20_000 - round * 5000);
        assert.ok(tooMuch >= 0 && tooMuch < 5000, `${tooMuch} lines too much`);
      }
      assert.ok((await read(output, { since: Date.now() + 60_000 })).length < 5000);
      assert.deepEqual(await read(output, { since: times[2]!, tail: 2 }), ["line 19998", "line 19999"]);
      assert.equal((await read(output, { since: 0 })).length, 20_000);
    }
  },
  LOADS,
);

Deno.test("a line over 16 KiB is cut in reading, and bytes that are no text do no harm", async () => {
  await using one = await device({ bound: ROOMY });
  const garbage = new Uint8Array(300_000).map((_, index) => index * 7919 % 256);
  await append(one.path, `${"x".repeat(100_000)}\n`);
  await Deno.writeFile(one.path, garbage, { append: true });
  await append(one.path, "\r\n\nlast words");
  const lines = await read(one.output, {});
  assert.equal(lines[0], "x".repeat(16 * 1024));
  assert.deepEqual(lines.slice(-2), ["", "last words"]);
  assert.deepEqual(await read(one.output, { tail: 1 }), ["last words"]);
  assert.deepEqual(await read(one.output, { tail: 2 }), ["", "last words"]);
});

Deno.test("an idle log is looked at and never written to, nor is what is known of it", async () => {
  await using one = await device({ bound: ROOMY, text: text(0, 10) });
  await eventually("it is remembered", async () => /^mark [1-9]/m.test(await Deno.readTextFile(one.index)));
  const before = [await Deno.stat(one.path), await Deno.stat(one.index)].map((info) => info.mtime);
  const start = performance.now();
  await eventually("some looks have passed", () => performance.now() - start > 2500);
  assert.deepEqual([await Deno.stat(one.path), await Deno.stat(one.index)].map((info) => info.mtime), before);
});

await testNeeding([], "another bound counts from the next look on", async () => {
  await using one = await device({ bound: ROOMY });
  await fill(one.path, 0, 20_000);
  one.output.configure("web", { maxBytes: 50_000, maxFiles: 1 });
  await eventually("it was cut", async () => (await Deno.stat(one.path)).size < 50_000 && await archived(one.path));
  assert.equal((await read(one.output, {})).length, 20_000);
}, LOADS);
