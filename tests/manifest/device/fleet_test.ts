import assert from "node:assert/strict";
import { readFleet } from "../../../src/manifest/device/fleet.ts";
import { problemLine } from "../../../src/model/problem.ts";

Deno.test("a fleet is a table for each device, or its recipient alone", () => {
  const read = readFleet(`
pi-kitchen = "age1qqq"
[pi-lab]
labels = { room = "lab" }
arch = "aarch64"
memory = "1Gi"
docker = false
`);
  assert.deepEqual(read, {
    devices: [
      { device: "pi-kitchen", labels: {}, recipient: "age1qqq" },
      {
        device: "pi-lab",
        labels: { room: "lab" },
        recipient: null,
        arch: "arm64",
        memoryBytes: 1024 ** 3,
        docker: false,
      },
    ],
  });
});

Deno.test("a fleet that cannot be read says why, in its place", () => {
  const read = readFleet(`pi = 3\n[a]\nlabel = { room = "x" }\narch = "arm"\n["b c"]\n`);
  assert.ok("problems" in read);
  assert.deepEqual(read.problems.map(problemLine), [
    "devices.toml:1:6: pi: is 3, wanted a table",
    'devices.toml:3:1: a.label: there is no field named "label"',
    'devices.toml:4:8: a.arch: is "arm", wanted "arm64" or "x86_64"',
    'devices.toml:5:2: "b c": the name "b c" cannot be that of a device',
  ]);
});
