/** Every folder of examples/ is a repository that a device can follow as it is. */
import assert from "node:assert/strict";
import { loadTexts } from "../src/sync/load_revision.ts";
import { policyProblems } from "../src/manifest/check/policy_problems.ts";
import { readManifests } from "../src/manifest/read_manifests.ts";
import { readDirectory } from "../src/source/directory_source.ts";
import { defaultPolicy } from "./support/policies.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);
const ANY = { device: "any", labels: {} };
const INDEX = await Deno.readTextFile(new URL("README.md", EXAMPLES));

for await (const { name, isDirectory } of Deno.readDir(EXAMPLES)) {
  if (!isDirectory) continue;
  const directory = new URL(`${name}/`, EXAMPLES).pathname;

  Deno.test(`examples/${name} has manifests without a problem, for any device`, async () => {
    const { tree } = await loadTexts(await readDirectory(directory), ANY);
    const desired = readManifests(tree, { revision: "checkout", ...ANY });
    assert.deepEqual(desired.invalid, []);
    assert.ok(desired.workloads.length > 0, "it asks for nothing");
  });

  Deno.test(`examples/${name} asks for nothing that a device denies whose owner said nothing`, async () => {
    const { tree } = await loadTexts(await readDirectory(directory), ANY);
    const desired = readManifests(tree, { revision: "checkout", ...ANY });
    assert.deepEqual(policyProblems(desired, { tree, policy: defaultPolicy() }), []);
  });

  Deno.test(`examples/${name} keeps its scripts executable, and able to run in any POSIX shell`, async () => {
    for (const path of (await readDirectory(directory)).entries.map((entry) => entry.path)) {
      if (!path.endsWith(".sh")) continue;
      assert.equal(((await Deno.stat(directory + path)).mode ?? 0) & 0o111, 0o111, path);
      assert.match(await Deno.readTextFile(directory + path), /^#!\/bin\/sh\n/, path);
    }
  });

  Deno.test(`examples/README.md tells what examples/${name} is for`, async () => {
    assert.ok(INDEX.includes(`](${name}/)`));
    assert.ok((await Deno.stat(`${directory}README.md`)).isFile);
  });
}
