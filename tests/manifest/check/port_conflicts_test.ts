import assert from "node:assert/strict";
import { portConflicts } from "../../../src/manifest/check/port_conflicts.ts";
import { readManifests } from "../../../src/manifest/read_manifests.ts";
import { problemLine } from "../../../src/model/problem.ts";

const service = (ports: string, more = "") => `command = ["sleep", "1"]\nports = ${ports}\n${more}`;
const deployment = (ports: string, more = "") => `image = "x:1"\nports = ${ports}\n${more}`;

/** Every conflict on the device "pi", as the command line shows it without its hint. */
function check(manifests: Record<string, string>): string[] {
  const entries = Object.keys(manifests).map((path) => ({
    path,
    oid: path,
    type: "file" as const,
    executable: false,
    size: 1,
  }));
  const tree = { entries, text: (path: string) => manifests[path] };
  const desired = readManifests(tree, { revision: "r", device: "pi", labels: {} });
  assert.deepEqual(desired.invalid, []);
  return portConflicts(desired, tree).map(problemLine);
}

Deno.test("two workloads that want one port are told, whatever their kinds, with the line of the second", () => {
  const found = check({
    "services/api.toml": service("[9000, 8080]"),
    "deployments/web.toml": deployment('[\n  "443:443",\n  "8080:80",\n]'),
  });
  assert.deepEqual(found, ['deployments/web.toml:4:3: ports[1]: port 8080/tcp is asked for by "api" as well']);
});

Deno.test("a conflict in the table of a mode is told with its place there", () => {
  const found = check({
    "services/api.toml": service("[8080]"),
    "services/web.toml": '[native]\ncommand = ["sleep", "1"]\nports = [8080]\n',
  });
  assert.deepEqual(found, ['services/web.toml:3:10: native.ports[0]: port 8080/tcp is asked for by "api" as well']);
});

Deno.test("ports that never meet on this device are no conflict", () => {
  const others = {
    "another device": service("[8080]", 'on = "laptop"\n'),
    "switched off": service("[8080]", "enabled = false\n"),
    "another protocol": service('[{ port = 8080, protocol = "udp" }]'),
    "chosen by the device": service("[0, 0]"),
    "another port": service("[8081]"),
  };
  for (const [claim, text] of Object.entries(others)) {
    assert.deepEqual(check({ "services/api.toml": service("[8080]"), "services/web.toml": text }), [], claim);
  }
  const addresses = check({
    "deployments/a.toml": deployment('["127.0.0.1:8080:80"]'),
    "deployments/b.toml": deployment('["127.0.0.2:8080:80", "81"]'),
  });
  assert.deepEqual(addresses, []);
  const everywhere = check({
    "deployments/a.toml": deployment('["127.0.0.1:8080:80"]'),
    "deployments/b.toml": deployment('["[::]:8080:80"]'),
  });
  assert.equal(everywhere.length, 1);
});
