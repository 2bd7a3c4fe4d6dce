import assert from "node:assert/strict";
import { readManifests } from "../../../src/manifest/read_manifests.ts";
import type { Architecture } from "../../../src/manifest/device/selector.ts";
import type { Desired } from "../../../src/model/desired.ts";
import type { NativeWorkload } from "../../../src/model/workload.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];
const BOTH = [
  'command = "./app"',
  "[artifact]",
  'url = "https://example.org/app-${arch}.zip"',
  `sha256 = { linux-aarch64 = "${A}", linux-amd64 = "${B}" }`,
];
const ARM = BOTH.map((line) => line.replace(`, linux-amd64 = "${B}"`, ""));

function read(lines: readonly string[], arch?: Architecture): Desired {
  const entries = [{ path: "services/app.toml", oid: "m", type: "file" as const, executable: false, size: 1 }];
  const target = { revision: "r", device: "pi", labels: {}, ...(arch === undefined ? {} : { arch }) };
  return readManifests({ entries, text: () => lines.join("\n") }, target);
}

const artifactOf = (desired: Desired) => (desired.workloads[0] as NativeWorkload | undefined)?.artifact;

Deno.test("an artifact is the one for the architecture of the device, whatever its author calls it", () => {
  assert.deepEqual(artifactOf(read(BOTH, "arm64")), {
    url: "https://example.org/app-arm64.zip",
    sha256: A,
    format: "zip",
    stripComponents: 0,
    name: "",
  });
  assert.equal(artifactOf(read(BOTH, "x86_64"))?.url, "https://example.org/app-x86_64.zip");
  assert.equal(artifactOf(read(BOTH, "x86_64"))?.sha256, B);
});

Deno.test("a service is invalid on the device that its artifact is not for, and there alone", () => {
  const [invalid] = read(ARM, "x86_64").invalid;
  assert.deepEqual(invalid?.problems, [{
    file: "services/app.toml",
    line: 2,
    column: 2,
    field: "artifact",
    message: "this device is linux-x86_64, and the artifact is for linux-arm64 alone",
    hint: 'add linux-x86_64, or choose other devices with "on"',
  }]);
  assert.equal(artifactOf(read(ARM, "arm64"))?.sha256, A);
  assert.equal(artifactOf(read(ARM))?.sha256, A, "a check away from a device takes any architecture");
});

Deno.test("a device that a service does not choose may be of another architecture", () => {
  const desired = read(['on = "attic"', ...ARM], "x86_64");
  assert.deepEqual([desired.invalid, desired.notSelected], [[], ["app"]]);
});

Deno.test("a credential in the URL of an artifact is never shown, wherever it stands", () => {
  for (
    const url of [
      "https://u:hunter2@h/x",
      "https://hunter2@h/x",
      "u:hunter2@h/x",
      "ftp://h/x?token=hunter2",
      "//hunter2@h",
    ]
  ) {
    const { invalid } = read(['command = "./x"', "[artifact]", `url = "${url}"`, `sha256 = "${A}"`]);
    assert.equal(invalid.length, 1, url);
    assert.doesNotMatch(JSON.stringify(invalid), /hunter2/);
  }
});
