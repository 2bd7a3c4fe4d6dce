/** Whatever stands in a repository is read as workloads or as problems, and the next steps take what comes of it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readManifests } from "../../src/manifest/read_manifests.ts";
import type { Desired } from "../../src/model/desired.ts";
import { canonical, fingerprint } from "../../src/model/fingerprint.ts";
import { problemLine } from "../../src/model/problem.ts";
import { firstViolation } from "../../src/model/policy/evaluate_policy.ts";
import { loadSettings } from "../../src/settings/load_config.ts";
import { plan as makePlan } from "../../src/reconciler/pipeline/plan.ts";
import type { TreeEntry } from "../../src/source/source.ts";
import { carryOut, ModelDevice } from "../reconciler/pipeline/model_device.ts";
import { fuzz, rounds, UNPRINTABLE } from "./fuzz.ts";
import { mutated } from "./mutations.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const SERVICES = await Promise.all([texts(`${ROOT}examples`, "services"), goldenCases("services/")]);
const DEPLOYMENTS = await Promise.all([texts(`${ROOT}examples`, "deployments"), goldenCases("deployments/")]);

async function texts(dir: string, kind: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory) found.push(...await texts(path, kind));
    else if (path.includes(`/${kind}/`) && entry.name.endsWith(".toml")) found.push(await Deno.readTextFile(path));
  }
  return found.sort();
}

async function goldenCases(kind: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(`${ROOT}tests/manifest/cases`)) {
    const [head = "", ...rest] = (await Deno.readTextFile(`${ROOT}tests/manifest/cases/${name}`)).split("\n");
    if (head.startsWith(kind)) found.push(rest.join("\n").split("\n---\n")[0]!);
  }
  return found.sort();
}

const env = { HARBORNODE_REPO_URL: "https://git.example.org/fleet.git" };
const loaded = await loadSettings({ file: undefined, cwd: "/nonexistent", env, hostname: "pi" });
assert.ok("settings" in loaded);
const { policy } = loaded.settings;

function read(files: Record<string, string>): Desired {
  const entries = Object.keys(files).sort().map((path): TreeEntry => ({
    path,
    type: "file",
    executable: false,
    oid: path,
    size: files[path]!.length,
  }));
  return readManifests({ entries, text: (path) => files[path] }, {
    revision: "r",
    device: "pi",
    labels: { room: "a" },
  });
}

/** What is asked of everything that was read. */
function sound({ workloads, invalid, notSelected }: Desired): void {
  for (const { problems } of invalid) {
    assert.ok(problems.length > 0, "invalid, and nothing is said");
    for (const problem of problems) {
      const line = `${problemLine(problem)} ${problem.hint ?? ""}`;
      assert.doesNotMatch(line, UNPRINTABLE);
      // A long value is not a message.
      assert.ok(line.length < 2000, `${line.length} characters: ${line.slice(0, 300)}`);
    }
  }
  for (const workload of workloads) {
    assert.match(workload.name, /^[a-z0-9][a-z0-9-]*$/);
    assert.match(fingerprint(workload), /^[0-9a-f]{16,}$/);
    assert.deepEqual(JSON.parse(canonical(workload)), JSON.parse(JSON.stringify(workload)));
    const refusal = firstViolation(workload, policy);
    if (refusal !== null) assert.ok(refusal.message.length > 0);
  }
  const names = [...workloads, ...invalid].flatMap((spec) => spec.name ?? []);
  assert.deepEqual(names.filter((name) => notSelected.includes(name)), []);
}

/** Twice: for an empty device, and for one on which all of it was begun. */
function planned(desired: Desired): void {
  const device = new ModelDevice();
  for (let pass = 0; pass < 2; pass++) {
    const plan = makePlan(device.input(desired));
    for (const { message, reason } of plan.actions) {
      assert.ok(message.length > 0 && reason.length > 0);
      assert.doesNotMatch(message, UNPRINTABLE);
    }
    carryOut(device, plan, 50);
  }
}

Deno.test("no manifest, whatever was done to it, is a bug to who reads it", () => {
  assert.ok(SERVICES.flat().length > 60 && DEPLOYMENTS.flat().length > 20);
  let valid = 0;
  const property = fc.property(mutated(SERVICES.flat()), mutated(DEPLOYMENTS.flat()), (service, deployment) => {
    const desired = read({
      "services/a.toml": service,
      "services/a/run.sh": "#!/bin/sh\n",
      "deployments/b.toml": deployment,
      "services/good.toml": 'command = "sleep 1"\n',
    });
    sound(desired);
    planned(desired);
    valid += desired.workloads.length;
    assert.ok(desired.workloads.some(({ name }) => name === "good"), "one manifest harmed another");
  });
  fc.assert(property, fuzz(1500));
  assert.ok(valid > rounds(1500), `${valid} workloads: of what is only refused the rest is not tried`);
});

Deno.test("no path in a repository is a bug to who reads it, and none leads to a workload that is not named so", () => {
  const name = fc.oneof(
    fc.constantFrom(
      "a",
      "a.toml",
      "services",
      "deployments",
      "..",
      ".",
      "A.TOML",
      "con",
      "😀.toml",
      "-x.toml",
      "a b.toml",
      ".toml",
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
  );
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const files = fc.dictionary(path, fc.constantFrom('command = "sleep 1"\n', 'image = "x"\n', "", "\0"), {
    maxKeys: 6,
  });
  fc.assert(fc.property(files, (tree) => sound(read(tree))), fuzz(1000));
});
