/** A program of the workload that is changed on disk while it runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import type { NativeWorkload } from "../../../src/model/workload.ts";
import type { NativeRuntime } from "../../../src/runtime/native/native_runtime.ts";
import { eventually } from "../../support/eventually.ts";
import { first } from "../conformance.ts";
import { type NativeDevice, nativeDevice, nativeWorkload } from "./native_device.ts";

const SCRIPT = "#!/bin/sh\n: >started\nexec sleep 3600\n";

async function startIn(device: NativeDevice, fields: Partial<NativeWorkload> & { command: string[] }) {
  const filesDir = join(device.root, "files");
  await Deno.mkdir(filesDir);
  await Deno.writeTextFile(join(filesDir, "app"), SCRIPT, { mode: 0o755 });
  await Deno.writeTextFile(join(filesDir, "app.conf"), "a = 1\n");
  const workload = nativeWorkload(fields);
  const request = {
    workload,
    slot: 0,
    fingerprint: fingerprint(workload),
    filesDir,
    assignedPorts: [],
    previous: null,
  };
  const instance = await device.runtime.start(request);
  // Before it is executed there is nothing to change.
  if (fields.command.includes("./app")) {
    await eventually("it has started", () => Deno.stat(join(filesDir, "started")).then(() => true, () => false));
  }
  return { instance, program: join(filesDir, "app"), filesDir };
}

const altered = async (runtime: NativeRuntime) => (await first(runtime, () => true))?.altered;

Deno.test("a program of the workload's folder that is changed, replaced or removed is told", async () => {
  await using device = await nativeDevice();
  const { program } = await startIn(device, { command: ["./app"] });
  assert.equal(await altered(device.runtime), undefined);
  // What is being executed can be replaced, and not be written to.
  await Deno.writeTextFile(`${program}.new`, SCRIPT, { mode: 0o755 });
  await Deno.rename(`${program}.new`, program);
  assert.equal(await altered(device.runtime), 'its program "app" was changed on disk');
  await Deno.remove(program);
  assert.equal(await altered(device.runtime), 'its program "app" was removed from disk');
  await Deno.writeTextFile(program, SCRIPT, { mode: 0o755 });
  assert.equal(await altered(device.runtime), 'its program "app" was changed on disk');
});

Deno.test("a script for an interpreter counts as the program, and the next daemon knows how it was", async () => {
  await using device = await nativeDevice();
  const { program } = await startIn(device, { command: ["/bin/sh", "./app"] });
  await device.leave();
  const next = await device.reopen();
  assert.equal(await altered(next), undefined);
  await Deno.writeTextFile(program, "# more\n", { append: true });
  assert.equal(await altered(next), 'its program "app" was changed on disk');
});

Deno.test("neither other files, nor programs of the device, nor files that are followed in place are looked at", async () => {
  await using device = await nativeDevice();
  const { filesDir } = await startIn(device, { command: ["/bin/sh", "-c", "exec sleep 3600"] });
  await Deno.writeTextFile(join(filesDir, "app.conf"), "a = 2\n");
  assert.equal(await altered(device.runtime), undefined);

  await using other = await nativeDevice();
  const { program } = await startIn(other, { command: ["./app"], onChange: { type: "none" } });
  await Deno.remove(program);
  assert.equal(await altered(other.runtime), undefined);
});

Deno.test("an ended instance is not altered: its successor gets what is on disk by then", async () => {
  await using device = await nativeDevice();
  const { instance, program } = await startIn(device, { command: ["./app"] });
  await Deno.remove(program);
  await device.runtime.stop(instance, { signal: "SIGTERM", timeoutMs: 5000 });
  assert.equal(await altered(device.runtime), undefined);
});
