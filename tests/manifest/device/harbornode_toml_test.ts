/** harbornode.toml: what git asks of HarborNode itself. */
import assert from "node:assert/strict";
import { daemonPolicyProblems } from "../../../src/manifest/device/harbornode_toml.ts";
import type { Target } from "../../../src/manifest/device/selector.ts";
import { overlayProblems, readManifests, textPaths } from "../../../src/manifest/read_manifests.ts";
import { type Problem, problemLine } from "../../../src/model/problem.ts";
import { ALLOW_ALL } from "../../../src/model/policy/allow_all.ts";
import type { TreeEntry } from "../../../src/source/source.ts";

const LAB: Target = { device: "pi-lab", labels: { room: "lab" } };
const HALL: Target = { device: "pi-hall", labels: {} };
const WEB = { "services/web.toml": 'command = ["/bin/true"]\n' };

function tree(files: Record<string, string>, type: TreeEntry["type"] = "file") {
  return {
    entries: Object.keys(files).map((path) => {
      const size = files[path]!.length;
      return { path, oid: path, type: path === "harbornode.toml" ? type : "file" as const, executable: false, size };
    }),
    text: (path: string) => path === "harbornode.toml" && type !== "file" ? undefined : files[path],
  };
}

function read(text: string, target: Target = LAB, more: Record<string, string> = {}) {
  return readManifests(tree({ ...WEB, ...more, "harbornode.toml": text }), { revision: "r", ...target });
}

const lines = (problems: readonly Problem[]) =>
  problems.map((problem) => `${problemLine(problem)} | ${problem.hint ?? ""}`);

Deno.test("git asks for a version of HarborNode, for one device first where it likes", () => {
  const text = '[daemon]\nversion = "0.1.0"\n[overlay.pi-lab.daemon]\nversion = "0.2.0-rc.1"\n';
  assert.deepEqual(read(text).daemon, { version: "0.2.0-rc.1", problems: [] });
  assert.deepEqual(read(text, HALL).daemon, { version: "0.1.0", problems: [] });
  const variable = read('[daemon]\nversion = "${vars.daemon}"\n', LAB, { "vars.toml": 'daemon = "0.3.0"\n' });
  assert.deepEqual(variable.daemon, { version: "0.3.0", problems: [] });
  assert.deepEqual(read("").daemon, { version: null, problems: [] });
  assert.equal("daemon" in readManifests(tree(WEB), { revision: "r", ...LAB }), false);
  assert.deepEqual(textPaths(tree({ ...WEB, "harbornode.toml": "" }).entries), [
    "services/web.toml",
    "harbornode.toml",
  ]);
});

Deno.test("a mistake in harbornode.toml is told in its place, and harms no workload", () => {
  const desired = read(
    'version = "0.2.0"\n[daemon]\nversoin = "1.0.0"\nversion = "0.2"\n[overlay."pi-lab".daemon]\nx = 1\n',
  );
  assert.deepEqual(desired.invalid, []);
  assert.deepEqual(desired.workloads.map(({ name }) => name), ["web"]);
  assert.equal(desired.daemon?.version, null);
  assert.deepEqual(lines(desired.daemon!.problems), [
    'harbornode.toml:1:1: version: there is no field named "version" | it belongs below [daemon]',
    'harbornode.toml:3:1: daemon.versoin: there is no field named "versoin" | did you mean "version"?',
    'harbornode.toml:4:11: daemon.version: is "0.2", wanted a whole version like "0.2.0" | ',
    'harbornode.toml:6:1: overlay.pi-lab.daemon.x: there is no field named "x" | the fields are version',
  ]);
  assert.deepEqual(lines(read("[daemon").daemon!.problems).length, 1);
  assert.deepEqual(lines(read('[daemn]\nversion = "0.2.0"\n').daemon!.problems), [
    'harbornode.toml:1:2: daemn: there is no field named "daemn" | did you mean "daemon"?',
  ]);
  assert.deepEqual(lines(read("daemon = 3\n").daemon!.problems), [
    "harbornode.toml:1:10: daemon: is 3, wanted a table | ",
  ]);
  const link = readManifests(tree({ ...WEB, "harbornode.toml": "" }, "symlink"), { revision: "r", ...LAB });
  assert.deepEqual(lines(link.daemon!.problems), ["harbornode.toml: it must be a file, and this is a symlink | "]);
});

Deno.test("what another device would find in its overlay is found before it is merged", () => {
  const files = {
    ...WEB,
    "harbornode.toml": '[daemon]\nversion = "0.1.0"\n[overlay."attic-*".daemon]\nversion = "latest"\n',
  };
  assert.deepEqual(readManifests(tree(files), { revision: "r", ...LAB }).daemon!.problems, []);
  assert.deepEqual(lines(overlayProblems(tree(files), LAB)), [
    'harbornode.toml:4:11: overlay."attic-*".daemon.version: is "latest", wanted a whole version like "0.2.0" | ',
  ]);
});

Deno.test("mistakes of overlays are told beside those that the file has without them, each once", () => {
  const overlays = '[overlay."attic-*".daemon]\nversion = "latest"\n[overlay."shed-*".daemon]\nversion = "newest"\n';
  const files = { ...WEB, "harbornode.toml": `[daemon]\nversoin = "1.0.0"\n${overlays}` };
  assert.deepEqual(lines(overlayProblems(tree(files), LAB)), [
    'harbornode.toml:4:11: overlay."attic-*".daemon.version: is "latest", wanted a whole version like "0.2.0" | ',
    'harbornode.toml:6:11: overlay."shed-*".daemon.version: is "newest", wanted a whole version like "0.2.0" | ',
  ]);
});

Deno.test("what the policy of a device refuses is told at the version's place", () => {
  const files = {
    ...WEB,
    "harbornode.toml": '[daemon]\nversion = "0.1.0"\n[overlay.pi-lab.daemon]\nversion = "0.2.0"\n',
  };
  const problems = (daemonVersions: string[]) => {
    const { daemon } = readManifests(tree(files), { revision: "r", ...LAB });
    const policy = { ...ALLOW_ALL, daemonVersions };
    return lines(daemonPolicyProblems(daemon!, { tree: tree(files), target: LAB, policy }));
  };
  assert.deepEqual(problems(["0.2.*"]), []);
  assert.deepEqual(problems([]), [
    'harbornode.toml:4:11: overlay.pi-lab.daemon.version: the owner of this device does not allow version "0.2.0" | ' +
    'leave it out, or add "0.2.0" to daemon_versions in [policy] of config.toml',
  ]);
});
