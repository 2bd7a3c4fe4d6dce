/** A manifest that lies where nobody reads it is a mistake, and no removal. */
import assert from "node:assert/strict";
import { readManifests } from "../../src/manifest/read_manifests.ts";
import { problemLine } from "../../src/model/problem.ts";

function problemsIn(...paths: string[]): string[] {
  const entries = paths.map((path) => ({ path, type: "file" as const, executable: false, oid: "0", size: 1 }));
  const text = (path: string) => path.startsWith("deployments/") ? 'image = "x"\n' : 'command = "sleep 1"\n';
  const { invalid } = readManifests({ entries, text }, { revision: "r", device: "pi", labels: {} });
  return invalid.flatMap(({ name, problems }) =>
    problems.map((problem) => `${name}: ${problemLine(problem)} | ${problem.hint ?? ""}`)
  );
}

Deno.test("a folder with almost the right name is told, where the right one is missing", () => {
  assert.deepEqual(problemsIn("service/web.toml", "deployments/db.toml"), [
    'web: service/web.toml: the folder "service/" is not looked at | did you mean "services/"?',
  ]);
  assert.equal(problemsIn("Services/web.toml").length, 1);
  assert.deepEqual(problemsIn("services/web.toml", "service/other.toml", "crates/x.toml", "service/Cargo.toml"), []);
  assert.deepEqual(problemsIn("service/src/web.toml", "serviceability/a/b.toml"), []);
});

Deno.test("a file that is no TOML, or is called as the other kind is, is told in its place", () => {
  assert.deepEqual(problemsIn("services/web.yaml", "services/api.TOML"), [
    'web: services/web.yaml: a manifest is a TOML file | call it "web.toml"',
    'api: services/api.TOML: a manifest is a TOML file | call it "api.toml"',
  ]);
  assert.deepEqual(problemsIn("services/web/deployment.toml"), [
    'web: services/web/deployment.toml: a folder of "services/" has no "deployment.toml" | ' +
    'call it "service.toml", or move its folder into "deployments/"',
  ]);
});

Deno.test("files beside manifests are nobody's business", () => {
  const fine = ["services/web.toml", "services/web.json", "services/web/deployment.toml", "services/README.md"];
  assert.deepEqual(problemsIn(...fine, "services/_draft.yaml", "services/.x.json", "services/old.disabled"), []);
});
