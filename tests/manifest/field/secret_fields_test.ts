/** Secrets that manifests name, and the files of a repository that hold them. */
import assert from "node:assert/strict";
import { readManifests } from "../../../src/manifest/read_manifests.ts";
import { secretPaths } from "../../../src/manifest/field/secret_fields.ts";
import type { TreeEntry } from "../../../src/source/source.ts";

/** Of age's form, to no recipient that there is. */
const age = (more = "") =>
  `age-encryption.org/v1\n-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n--- ${"A".repeat(43)}\n${more}`;
const SLEEP = 'command = "sleep 1"\n';

function read(files: Record<string, string>, more: TreeEntry[] = []) {
  const entries = Object.entries(files).map(([path, { length: size }]): TreeEntry => {
    return { path, type: "file", executable: false, oid: path, size };
  });
  const text = (path: string) => path.endsWith(".age") ? btoa(files[path]!) : files[path];
  const tree = { entries: [...entries, ...more], text };
  return readManifests(tree, { revision: "r", device: "pi", labels: {} });
}

const problems = (files: Record<string, string>, more: TreeEntry[] = []) =>
  read(files, more).invalid.flatMap((manifest) =>
    manifest.problems.map(({ field, message, hint }) => `${field} ${message} (${hint})`)
  );

Deno.test("a secret of a file is kept as age wrote it, binary or armoured, whichever name it gets", () => {
  const armour = `-----BEGIN AGE ENCRYPTED FILE-----\n${
    btoa(age()).replace(/.{64}/g, "$&\n")
  }\n-----END AGE ENCRYPTED FILE-----\n`;
  const { workloads, invalid } = read({
    "services/web.toml":
      `${SLEEP}env = { A = { secret = "binary" } }\nsecrets = ["armour", { name = "key.pem", secret = "binary" }]\n`,
    "secrets/binary.age": age(),
    "secrets/armour.age": armour,
    "secrets/README.toml": 'pi = "age1"',
  });
  assert.deepEqual(invalid, []);
  const ciphertext = btoa(age());
  assert.deepEqual(workloads[0]!.secrets, [
    { target: { type: "env", name: "A" }, source: "binary", ciphertext, digest: null },
    { target: { type: "file", name: "armour" }, source: "armour", ciphertext, digest: null },
    { target: { type: "file", name: "key.pem" }, source: "binary", ciphertext, digest: null },
  ]);
  assert.deepEqual(workloads[0]!.env, {});
});

Deno.test("a secret that can be none is named with its file, and harms its workload alone", () => {
  const wanting = (name: string) => `${SLEEP}secrets = ["${name}"]\n`;
  const one = (content: string) => problems({ "services/web.toml": wanting("key"), "secrets/key.age": content })[0]!;
  assert.match(
    one("hunter2"),
    /^secrets\[0\] secrets\/key\.age is not what age wrote \(make it with: harbornode secret/,
  );
  assert.match(one(""), /is not what age wrote/);
  assert.match(one(age("x".repeat(65_536))), /is over 64 KiB/);
  assert.match(one(age("x".repeat(131_072))), /is over 128 KiB/);
  assert.match(one("version https://git-lfs.github.com/spec/v1\n"), /is a pointer of Git LFS \(.*git lfs untrack/);
  const link: TreeEntry = { path: "secrets/key.age", type: "symlink", executable: false, oid: "l", size: 1 };
  assert.match(problems({ "services/web.toml": wanting("key") }, [link])[0]!, /is a link, which is not followed/);
  const typo = { "services/web.toml": wanting("db-pasword"), "secrets/db-password.age": age() };
  assert.deepEqual(problems(typo), ['secrets[0] there is no secret "db-pasword" (did you mean "db-password"?)']);
  const { workloads } = read({ ...typo, "services/other.toml": SLEEP });
  assert.deepEqual(workloads.map(({ name }) => name), ["other"]);
});

Deno.test("a secret comes from the folder secrets/ itself, and from no other", () => {
  const paths = ["secrets/a.age", "secrets/deep/a.age", "secrets/a.txt", "services/secrets/a.age", "a.age"];
  const entries = paths.map((path): TreeEntry => ({ path, type: "file", executable: false, oid: path, size: 1 }));
  assert.deepEqual(secretPaths(entries), ["secrets/a.age"]);
});

Deno.test("an encrypted line of an env_file is a secret too, and env wins over it", () => {
  const value = `age:${btoa(age())}`;
  const files = {
    "services/web.toml": `${SLEEP}env_file = "web.env"\nenv = { B = "plain" }\n`,
    "services/web/web.env": `A=${value}\nB=${value}\nC=3\n`,
  };
  const [web] = read(files).workloads;
  assert.deepEqual(web!.env, { B: "plain", C: "3" });
  assert.deepEqual(web!.secrets!.map(({ target }) => target), [{ type: "env", name: "A" }]);
  const wrong = problems({ ...files, "services/web/web.env": "A=age:hunter2\n" });
  assert.match(wrong[0]!, /^env_file is not what age wrote/);
  assert.doesNotMatch(wrong.join(), /hunter2/);
});

Deno.test("a container has its secrets where nothing else is mounted", () => {
  const deployment = (mounts: string) => `image = "x:1"\nsecrets = ["key"]\nmounts = ["${mounts}"]\n`;
  const files = (mounts: string) => ({ "deployments/web.toml": deployment(mounts), "secrets/key.age": age() });
  assert.match(problems(files("data:/run/secrets"))[0]!, /are at \/run\/secrets, where "\/run\/secrets" is mounted/);
  assert.equal(problems(files("data:/run/secrets/more")).length, 1);
  assert.deepEqual(problems(files("data:/run/secrets-of-mine")), []);
});

Deno.test("a workload of both ways has its secrets in each", () => {
  const choice = read({
    "services/web.toml":
      `env = { A = { secret = "key" } }\nnative = { command = "sleep 1" }\ncontainer = { image = "x:1" }\n`,
    "secrets/key.age": age(),
  }).choices!.get("web")!;
  assert.deepEqual(choice.specs.map(({ runtime, secrets }) => [runtime, secrets!.length]), [["native", 1], [
    "docker",
    1,
  ]]);
});
