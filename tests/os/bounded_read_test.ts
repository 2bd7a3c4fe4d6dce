import assert from "node:assert/strict";
import { join } from "node:path";
import { readStart, readStartText, readStartTextSync } from "../../src/os/bounded_read.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const MIB = 1024 * 1024;

Deno.test("a file without an end is read up to the bound", async () => {
  assert.equal((await readStart("/dev/zero", 3 * MIB + 1)).length, 3 * MIB + 1);
  assert.equal(readStartTextSync("/dev/zero", MIB).length, MIB);
});

Deno.test("a bound far above the file costs nothing, and the file is whole", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "file");
  const text = "line\n".repeat(50_000);
  await Deno.writeTextFile(path, text);
  const before = Deno.memoryUsage().rss;
  assert.equal(await readStartText(path, 64 * 1024 * MIB), text);
  assert.equal(readStartTextSync(path, 64 * 1024 * MIB), text);
  assert.ok(Deno.memoryUsage().rss - before < 100 * MIB);
});

Deno.test("a pipe that nobody writes to is not waited for", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pipe");
  assert.ok((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
  assert.equal(await readStartText(path, 100), "");
  assert.equal(readStartTextSync(path, 100), "");
});

Deno.test("a file that is not there is an error, or no text", async () => {
  await assert.rejects(readStart("/nonexistent/file", 1), { code: "ENOENT" });
  assert.equal(await readStartText("/nonexistent/file", 1), "");
  assert.equal(readStartTextSync("/nonexistent/file", 1), "");
});

await testNeeding(["python3"], "a lease on a file makes its reader fail, not wait", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "leased");
  await Deno.writeTextFile(path, "x");
  const script = `import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(os.open(sys.argv[1], os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("taken", flush=True)
signal.pause()`;
  const holder = new Deno.Command("/usr/bin/python3", { args: ["-c", script, path], stdout: "piped" }).spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  // open(2) without O_NONBLOCK would return after 45 s, with the file.
  await assert.rejects(readStart(path, 10), { code: "EAGAIN" });
  assert.equal(readStartTextSync(path, 10), "");
  holder.kill("SIGKILL");
  await reader.cancel();
  await holder.status;
});
