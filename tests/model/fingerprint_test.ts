import assert from "node:assert/strict";
import fc from "fast-check";
import { canonical, filesDigest, fingerprint } from "../../src/model/fingerprint.ts";
import type { DockerWorkload, Workload } from "../../src/model/workload.ts";
import { docker, native, NEVER, TIMING } from "../support/workload.ts";
import { explainChange } from "../../src/reconciler/pipeline/spec_diff.ts";
import { problemLine } from "../../src/model/problem.ts";

const WEB: Workload = native({
  env: { A: "1", B: "2" },
  files: [{ path: "a", oid: "1", executable: false }, { path: "b", oid: "2", executable: true }],
});

const LIVE: Partial<Workload>[] = [
  { description: "x" },
  { enabled: false },
  { suspend: true },
  { replicas: 3 },
  { restart: NEVER },
  { stopSignal: "SIGINT" },
  { stopTimeoutMs: 1 },
  { health: { ...TIMING, type: "tcp", port: { type: "fixed", port: 1 } } },
  { minHealthyMs: 5000 },
  { logs: { maxBytes: 1, maxFiles: 1 } },
  { dependsOn: [{ name: "db", condition: "healthy" }] },
];

for (const change of LIVE) {
  Deno.test(`fingerprint stays when ${Object.keys(change)} changes: no new instance is needed`, () => {
    assert.equal(fingerprint({ ...WEB, ...change } as Workload), fingerprint(WEB));
  });
}

const NEW: Partial<Workload>[] = [
  { env: { A: "1", B: "3" } },
  { command: ["web", "-v"] },
  { user: "nobody" },
  { workingDir: "x" },
  { ports: [{ name: null, hostAddress: "0.0.0.0", host: 1, container: 1, protocol: "tcp" }] },
  { resources: { memoryBytes: 1, cpus: null, pids: null } },
  { devices: ["/dev/ttyUSB0"] },
  { gpus: "all" },
  { files: [{ path: "a", oid: "1", executable: true }, { path: "b", oid: "2", executable: true }] },
  { files: [{ path: "a", oid: "9", executable: false }, { path: "b", oid: "2", executable: true }] },
  { files: [] },
];

for (const change of NEW) {
  Deno.test(`fingerprint is another when ${JSON.stringify(change)}`, () => {
    assert.notEqual(fingerprint({ ...WEB, ...change } as Workload), fingerprint(WEB));
  });
}

Deno.test("fingerprint stays when only files change that are followed in place", () => {
  const inPlace: Workload = { ...WEB, onChange: { type: "signal", signal: "SIGHUP" } };
  assert.equal(fingerprint({ ...inPlace, files: [] }), fingerprint(inPlace));
});

Deno.test("fingerprint does not see a field that says nothing: a later version may have more of them", () => {
  const more = { ...WEB, later: null, lists: [], tables: {} };
  assert.equal(fingerprint(more), fingerprint(WEB));
});

Deno.test("fingerprint and files do not depend on the order in which things are listed", () => {
  assert.equal(fingerprint({ ...WEB, env: { B: "2", A: "1" }, files: [...WEB.files].reverse() }), fingerprint(WEB));
  assert.equal(filesDigest([]), "");
});

Deno.test("canonical gives one text for what is equal, and another for what is not", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
    const copy = JSON.parse(JSON.stringify(a));
    assert.equal(canonical(copy), canonical(a));
    assert.deepEqual(JSON.parse(canonical(a)), JSON.parse(JSON.stringify(a)));
    if (canonical(a) === canonical(b)) assert.deepEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
  }));
});

Deno.test("problemLine leaves out what is not known", () => {
  assert.equal(
    problemLine({ file: "a.toml", line: 1, column: 2, field: "x", message: "is wrong" }),
    "a.toml:1:2: x: is wrong",
  );
  assert.equal(problemLine({ file: "a.toml", field: "", message: "is wrong" }), "a.toml: is wrong");
});

Deno.test("a file that a container mounts alone is part of the fingerprint, whatever follows a change of files", () => {
  const app = (oid: string, other: string, fields: Partial<DockerWorkload> = {}) =>
    docker({
      onChange: { type: "signal", signal: "SIGHUP" },
      mounts: [{ type: "files", source: "conf/app.conf", target: "/app.conf", readOnly: true }],
      files: [
        { path: "conf/app.conf", oid, executable: false },
        { path: "site/index.html", oid: other, executable: false },
      ],
      ...fields,
    });
  assert.notEqual(fingerprint(app("1", "1")), fingerprint(app("2", "1")));
  assert.equal(fingerprint(app("1", "1")), fingerprint(app("1", "2")), "the others are followed in place");
  const none = { onChange: { type: "none" } } as const;
  assert.notEqual(fingerprint(app("1", "1", none)), fingerprint(app("2", "1", none)));
  const folder: Partial<DockerWorkload> = {
    mounts: [{ type: "files", source: "conf", target: "/conf", readOnly: true }],
  };
  assert.equal(fingerprint(app("1", "1", folder)), fingerprint(app("2", "1", folder)));
  const { reason, message } = explainChange(app("1", "1"), app("2", "1"));
  assert.equal(reason, "file_changed");
  assert.equal(
    message,
    "files/conf/app.conf changed; a file that is mounted alone needs a new container (mount its folder for a reload)",
  );
});
