import assert from "node:assert/strict";
import { type MemorySample, shouldTrim } from "../../src/daemon/memory_trim.ts";
import { libc } from "../../src/os/libc.ts";
import { dropCodePages, programText } from "../../src/daemon/drop_code_pages.ts";

// Loaded once, for as long as the process lives: no leak of a test.
libc();

const MB = 1024 * 1024;

Deno.test("memory is given back once a burst is over, and neither during it nor for a trifle", () => {
  const cases: [string, Omit<MemorySample, "isBusy">, boolean][] = [
    ["it still grows", { rss: 90 * MB, before: 80 * MB, kept: 60 * MB }, false],
    ["it still shrinks", { rss: 80 * MB, before: 90 * MB, kept: 60 * MB }, false],
    ["it is over", { rss: 90 * MB, before: 90 * MB, kept: 60 * MB }, true],
    ["nothing was ever given back", { rss: 60 * MB, before: 60 * MB, kept: 0 }, true],
    ["a trifle", { rss: 63 * MB, before: 63 * MB, kept: 60 * MB }, false],
    ["less than was kept", { rss: 50 * MB, before: 50 * MB, kept: 60 * MB }, false],
  ];
  for (const [name, look, worthwhile] of cases) {
    assert.equal(shouldTrim({ ...look, isBusy: false }), worthwhile, name);
    assert.equal(shouldTrim({ ...look, isBusy: true }), false, name);
  }
});

Deno.test("the program's own text is what can be executed of its file, and nothing else of the process", () => {
  const maps = [
    "55d0a0000000-55d0a1000000 r--p 00000000 fe:00 131 /opt/my programs/harbornode",
    "55d0a1000000-55d0a2000000 r-xp 01000000 fe:00 131 /opt/my programs/harbornode",
    "55d0a2000000-55d0a2100000 rw-p 02000000 fe:00 131 /opt/my programs/harbornode",
    "7f0000000000-7f0000100000 r-xp 00000000 fe:00 132 /usr/lib/x86_64-linux-gnu/libc.so.6",
    "7f0000200000-7f0000300000 r-xp 00000000 00:00 0 ",
    "7f0000300000-7f0000400000 rwxp 00000000 fe:00 131 /opt/my programs/harbornode",
  ].join("\n");
  assert.deepEqual(programText(maps, "/opt/my programs/harbornode"), [{ from: 0x55d0a1000000n, to: 0x55d0a2000000n }]);
  assert.deepEqual(programText(maps, "/usr/bin/other"), []);
});

Deno.test("a program that has let go of its text has less in memory, and runs on", async () => {
  const before = await textInMemory();
  dropCodePages();
  const after = await textInMemory();
  assert.ok(after < before / 2, `${after} of ${before} KiB`);
  assert.equal([3, 1, 2].sort().join(), "1,2,3");
});

/** In KiB, of this program's own file, mapped to be executed (proc_pid_smaps(5)). */
async function textInMemory(): Promise<number> {
  const maps = (await Deno.readTextFile("/proc/self/smaps")).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const own = maps.filter((text) => programText(text, Deno.execPath()).length > 0);
  return own.reduce((sum, text) => sum + Number(/^Rss:\s+(\d+) kB/m.exec(text)![1]), 0);
}
