import assert from "node:assert/strict";
import fc from "fast-check";
import { fieldsOf } from "../../src/manifest/manifest_fields.ts";
import {
  envFilePaths,
  type ManifestTree,
  readManifests,
  resolveManifests,
  textPaths,
} from "../../src/manifest/read_manifests.ts";
import { manifestSchema } from "../../src/manifest/json_schema.ts";
import type { Desired } from "../../src/model/desired.ts";
import type { TreeEntry } from "../../src/source/source.ts";

const SLEEP = 'command = "sleep 1"\n';

function entry(path: string, type: TreeEntry["type"] = "file", size = 1): TreeEntry {
  return { path, type, executable: false, oid: path, size };
}

function tree(files: Record<string, string>, more: TreeEntry[] = []): ManifestTree {
  const own = Object.entries(files).map(([path, text]) => entry(path, "file", text.length));
  return { entries: [...own, ...more], text: (path) => files[path] };
}

function read(files: Record<string, string>, more: TreeEntry[] = [], labels: Record<string, string> = {}): Desired {
  return readManifests(tree(files, more), { revision: "r", device: "pi-kitchen", labels });
}

const messages = (desired: Desired) =>
  desired.invalid.flatMap((manifest) => manifest.problems.map((problem) => problem.message));

Deno.test("read passes over what its author put aside, and what is no manifest", () => {
  const files = {
    "services/_a.toml": "x",
    "services/.b.toml": "x",
    "services/c.toml.disabled": "x",
    "services/d/e.toml": "x",
    "services/e.disabled.toml": "x",
    "services/f.disabled/service.toml": "x",
    "services/_g/service.toml": "x",
    "services/.h/service.toml": "x",
    "README.md": "x",
    "other/f.toml": "x",
  };
  assert.deepEqual(read(files), {
    revision: "r",
    workloads: [],
    choices: new Map(),
    invalid: [],
    notSelected: [],
  });
  assert.deepEqual(textPaths(tree(files).entries), []);
});

Deno.test("read applies neither of two manifests of one name, over both kinds", () => {
  const desired = read({
    "services/web.toml": SLEEP,
    "deployments/web.toml": 'image = "nginx"\n',
    "services/other.toml": SLEEP,
  });
  assert.deepEqual(desired.workloads.map((spec) => spec.name), ["other"]);
  assert.deepEqual(messages(desired), [
    'the name "web" is taken by deployments/web.toml as well',
    'the name "web" is taken by services/web.toml as well',
  ]);
});

Deno.test("read points at the name that two manifests say, and not where their files say it", () => {
  const desired = read({ "services/a.toml": `${SLEEP}name = "web"\n`, "services/web.toml": SLEEP });
  assert.deepEqual(desired.invalid.map(({ name, problems }) => [name, problems[0]?.line, problems[0]?.column]), [
    ["web", 2, 8],
    ["web", undefined, undefined],
  ]);
});

Deno.test("read takes a manifest among its files as well, and does not count it to them", () => {
  const files = {
    "services/web/service.toml": 'command = "./serve.sh"\n',
    "services/web/conf/service.toml": "not a manifest",
    "services/web/deployment.toml": "not a manifest of a service",
    "deployments/db/deployment.toml": 'image = "postgres"\n',
  };
  const program = { ...entry("services/web/serve.sh"), executable: true };
  const desired = read(files, [program]);
  assert.deepEqual(desired.invalid, []);
  assert.deepEqual(desired.workloads.map((spec) => [spec.name, spec.kind, spec.manifest]), [
    ["db", "deployment", "deployments/db/deployment.toml"],
    ["web", "service", "services/web/service.toml"],
  ]);
  assert.deepEqual(desired.workloads[1]!.files.map((file) => file.path), [
    "conf/service.toml",
    "deployment.toml",
    "serve.sh",
  ]);
});

Deno.test("read applies neither of two manifests of one folder, whatever they are named", () => {
  const one = { "services/web.toml": SLEEP, "services/web/service.toml": SLEEP };
  assert.deepEqual(messages(read(one)), [
    'the name "web" is taken by services/web/service.toml as well',
    'the name "web" is taken by services/web.toml as well',
  ]);
  const desired = read({ ...one, "services/web/service.toml": `${SLEEP}name = "other"\n` });
  assert.deepEqual(desired.workloads, []);
  assert.deepEqual(messages(desired), [
    'the folder "services/web/" belongs to services/web/service.toml as well',
    'the folder "services/web/" belongs to services/web.toml as well',
  ]);
});

Deno.test("read says that a link in the place of a workload's folder is not followed", () => {
  const desired = read({ "services/web.toml": SLEEP, "services/plain": "x" }, [
    entry("services/web", "symlink"),
    entry("services/sub", "submodule"),
    entry("services/README.md", "symlink"),
    entry("services/_old", "symlink"),
  ]);
  assert.deepEqual(
    desired.invalid.map((manifest) => [manifest.name, manifest.problems[0]!.file, manifest.problems[0]!.message]),
    [
      ["sub", "services/sub", "a manifest must be a file, and this is a submodule"],
      ["web", "services/web", "a symlink is not followed, and the workload would miss what it points to"],
    ],
  );
});

Deno.test("a manifest whose text was not loaded is invalid, never taken for an empty one", () => {
  const desired = readManifests({ entries: [entry("services/web.toml")], text: () => undefined }, {
    revision: "r",
    device: "pi",
    labels: {},
  });
  assert.deepEqual(messages(desired), ["the file could not be read"]);
});

Deno.test("read follows no link and no submodule", () => {
  const strangers = [
    entry("services/link.toml", "symlink"),
    entry("services/web/escape", "symlink"),
    entry("services/web/sub", "submodule"),
  ];
  const desired = read({ "services/web.toml": SLEEP }, strangers);
  assert.deepEqual(desired.workloads, []);
  assert.deepEqual(messages(desired).sort(), [
    "a manifest must be a file, and this is a symlink",
    "a submodule is not followed, and the workload would miss what it points to",
    "a symlink is not followed, and the workload would miss what it points to",
  ]);
});

Deno.test("read says what a pointer of Git LFS, a huge file and a binary one are", () => {
  const lfs = read({ "services/a.toml": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n" });
  assert.match(messages(lfs)[0]!, /pointer of Git LFS/);
  const huge = messages(read({ "services/a.toml": "#".repeat(1024 * 1024 + 1) }))[0];
  assert.equal(huge, "the file has 1.0 MB, and 64 KiB is the limit");
  assert.match(messages(read({ "services/a.toml": "\uFFFD" }))[0]!, /not UTF-8/);
});

Deno.test("read accepts a byte order mark and Windows line ends", () => {
  assert.equal(read({ "services/web.toml": `\uFEFF# x\r\n${SLEEP.trim()}\r\n` }).workloads.length, 1);
  const columns = (text: string) =>
    read({ "services/web.toml": text }).invalid[0]!.problems.map((problem) => problem.column);
  assert.deepEqual(columns("\uFEFFa = \r\n"), columns("a = \n"));
  assert.deepEqual(columns("\uFEFFenabled = 1\r\n"), columns("enabled = 1\n"));
});

const CHOICES: [on: string, chosen: boolean][] = [
  ['"pi-*"', true],
  ['"pi-lab"', false],
  ['"*"', true],
  ['"pi-kitchen*"', true],
  ['"*kit*en"', true],
  ['"*kit*it*en"', false],
  ['"pi-kitche*hen"', false],
  ['"pi.kitchen"', false],
  ['["pi-*", "!pi-kitchen"]', false],
  ['["!pi-lab"]', true],
  ['["room=kitchen"]', true],
  ['["room=k*", "other"]', true],
  ['["room=lab"]', false],
  ['["!room=kitchen"]', false],
];

for (const [on, chosen] of CHOICES) {
  Deno.test(`on = ${on} ${chosen ? "chooses" : "passes over"} pi-kitchen with room=kitchen`, () => {
    const desired = read({ "services/web.toml": `${SLEEP}on = ${on}\n` }, [], { room: "kitchen" });
    assert.deepEqual([desired.workloads.length, desired.notSelected], chosen ? [1, []] : [0, ["web"]]);
  });
}

Deno.test("env_file gives values that env wins over, and never leaves the folder", () => {
  const files = {
    "services/web.toml": `${SLEEP}env_file = ["a.env", "./b.env"]\nenv = { B = "manifest" }\n`,
    "services/web/a.env": '# note\nexport A="one two"\nB=file\n\n',
    "services/web/b.env": "C='x'\n",
  };
  assert.deepEqual(envFilePaths(tree(files), resolveManifests(tree(files), { device: "pi", labels: {} })), [
    "services/web/a.env",
    "services/web/b.env",
  ]);
  assert.deepEqual(read(files).workloads[0]?.env, { A: "one two", B: "manifest", C: "x" });
  const escape = { "services/web.toml": `${SLEEP}env_file = "../other.env"\n`, "services/other.env": "A=1" };
  assert.deepEqual(messages(read(escape)), ['"../other.env" is not in the workload\'s folder']);
  const broken = { "services/web.toml": `${SLEEP}env_file = "a.env"\n`, "services/web/a.env": "A=1\nB: 2\n" };
  assert.deepEqual(read(broken).invalid[0]?.problems[0]?.line, 2);
});

Deno.test("read never throws, and every invalid manifest has a problem with a file and a message", () => {
  const name = fc.constantFrom(
    ...fieldsOf("service").map((field) => field.name),
    "image",
    "mounts",
    "__proto__",
    "constructor",
  );
  const value = fc.oneof(
    fc.constantFrom(
      "1",
      "-0",
      "1e400",
      "inf",
      "nan",
      "true",
      '"x"',
      "[]",
      "{}",
      "2020-01-01",
      "99999999999999999999",
      '["", 1]',
      "{ a = { b = [{}] } }",
    ),
    fc.string().map((text) => JSON.stringify(text)),
  );
  const line = fc.tuple(name, value).map(([key, text]) => `${key} = ${text}`);
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.array(line).map((lines) => lines.join("\n")));
  let invalid = 0;
  fc.assert(
    fc.property(text, fc.boolean(), (source, service) => {
      const path = service ? "services/web.toml" : "deployments/web.toml";
      const desired = read({ [path]: source });
      assert.ok(desired.workloads.length + desired.invalid.length + desired.notSelected.length === 1);
      for (const manifest of desired.invalid) {
        invalid++;
        assert.ok(manifest.problems.length > 0);
        for (const problem of manifest.problems) {
          assert.ok(problem.file === path && problem.message !== "" && !problem.message.endsWith("."), problem.message);
        }
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(invalid > 100);
});

Deno.test("the schema names every field of the table", () => {
  for (const kind of ["service", "deployment"] as const) {
    const properties = Object.keys(manifestSchema(kind).properties as object);
    assert.deepEqual(properties, fieldsOf(kind).map((field) => field.name));
  }
});

Deno.test("a ring of depends_on is told to each of those on it, and to nobody beside it", () => {
  const waiting = (name: string, ...names: string[]) => ({
    [`services/${name}.toml`]: `command = "sleep 1"\ndepends_on = ${JSON.stringify(names)}\n`,
  });
  const desired = read({ ...waiting("a", "b"), ...waiting("b", "c"), ...waiting("c", "a"), ...waiting("d", "a") });
  assert.deepEqual(
    desired.invalid.map((manifest) =>
      `${manifest.name}: ${manifest.problems.map((problem) => problem.message).join()}`
    ),
    [
      "a: waits for itself: a -> b -> c -> a",
      "b: waits for itself: b -> c -> a -> b",
      "c: waits for itself: c -> a -> b -> c",
    ],
  );
  assert.deepEqual(desired.workloads.map((spec) => spec.name), ["d"]);
});
