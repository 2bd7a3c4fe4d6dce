/** Services that run from what was downloaded: real processes, a real server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../../../../src/failure.ts";
import type { NativeWorkload } from "../../../../src/model/workload.ts";
import type { NativeRuntime } from "../../../../src/runtime/native/native_runtime.ts";
import { eventually } from "../../../support/eventually.ts";
import { instances, start } from "../../conformance.ts";
import { nativeDevice, nativeWorkload } from "../native_device.ts";
import { gzip, rawTar } from "./archives.ts";
import { ArtifactServer } from "./artifact_server.ts";

const NEVER = new AbortController().signal;
const script = (lines: string) => new TextEncoder().encode(`#!/bin/sh\n${lines}\n`);
const program = { name: "bin/app", content: script('echo "$PWD $ARTIFACT_DIRECTORY"; exec sleep 1000'), mode: 0o755 };

async function lines(runtime: NativeRuntime, workload: NativeWorkload): Promise<string[]> {
  return await Array.fromAsync(runtime.logs(workload.name, { tail: 10, follow: false }), (line) => line.text);
}

Deno.test("a service runs a program of its artifact, in the artifact's folder, and probes with one of it", async () => {
  await using server = new ArtifactServer();
  await using device = await nativeDevice();
  const alive = { name: "alive", content: script("echo fine"), mode: 0o755 };
  const artifact = server.put("app.tar.gz", await gzip(rawTar([program, alive])));
  const workload = nativeWorkload({ name: "app", command: ["./bin/app"], artifact });
  const said: string[] = [];
  await device.runtime.prepare(workload, (message) => said.push(message), NEVER);
  assert.deepEqual(said, ["downloading app.tar.gz", "unpacking app.tar.gz"]);
  const instance = await start(device.runtime, workload);
  const directory = join(device.root, "artifacts", `${artifact.sha256}-tar.gz`);
  await eventually(
    "it says where it is",
    async () => (await lines(device.runtime, workload))[0] === `${directory} ${directory}`,
  );
  const probed = await device.runtime.execute(instance, workload, ["./alive"], NEVER);
  assert.deepEqual(probed, { exitCode: 0, output: "fine" });
});

Deno.test("a file of the folder comes before one of the artifact, and the folder is where it runs", async () => {
  await using server = new ArtifactServer();
  await using device = await nativeDevice();
  const artifact = server.put("app.tar.gz", await gzip(rawTar([program])));
  const filesDir = join(device.root, "files");
  await Deno.mkdir(join(filesDir, "bin"), { recursive: true });
  const files = [{ path: "app.conf", oid: "1", executable: false }];
  const workload = nativeWorkload({ name: "app", command: ["./bin/app"], artifact, files });
  await device.runtime.prepare(workload, () => {}, NEVER);
  const request = { slot: 0, fingerprint: "f", filesDir, assignedPorts: [], previous: null };
  const one = await device.runtime.start({ ...request, workload });
  const directory = join(device.root, "artifacts", `${artifact.sha256}-tar.gz`);
  await eventually(
    "it says where it is",
    async () => (await lines(device.runtime, workload))[0] === `${filesDir} ${directory}`,
  );
  await device.runtime.stop(one, { signal: "SIGTERM", timeoutMs: 5000 });

  await Deno.writeFile(join(filesDir, "bin/app"), script("echo mine; exec sleep 1000"), { mode: 0o755 });
  await device.runtime.start({ ...request, workload, previous: (await instances(device.runtime))[0]! });
  await eventually("the folder's own runs", async () => (await lines(device.runtime, workload)).at(-1) === "mine");
});

Deno.test("an artifact without the program is found out before anything is stopped", async () => {
  await using server = new ArtifactServer();
  await using device = await nativeDevice();
  const plain = { name: "app", content: script("exit 0"), mode: 0o644 };
  const artifact = server.put("app.tar.gz", await gzip(rawTar([plain])));
  for (
    const [command, message] of [["./other", 'there is no program "./other"'], ["./app", '"./app" is not executable']]
  ) {
    const workload = nativeWorkload({ name: "app", command: [command!], artifact });
    const failure = await device.runtime.prepare(workload, () => {}, NEVER).catch((error) => error);
    assert.ok(failure instanceof Failure, String(failure));
    assert.deepEqual([failure.reason, failure.message], ["command_not_found", message]);
  }
});

Deno.test("a start without its artifact leaves nothing behind and says what is missing", async () => {
  await using server = new ArtifactServer();
  await using device = await nativeDevice();
  const artifact = server.put("app", script("exit 0"));
  const workload = nativeWorkload({ name: "app", command: ["./app"], artifact });
  const failure = await device.runtime.start({
    workload,
    slot: 0,
    fingerprint: "f",
    filesDir: null,
    assignedPorts: [],
    previous: null,
  }).catch((error) => error);
  assert.ok(failure instanceof Failure, String(failure));
  assert.deepEqual([failure.reason, failure.kind], ["artifact_unreachable", "transient"]);
  assert.deepEqual(await instances(device.runtime), []);
});
