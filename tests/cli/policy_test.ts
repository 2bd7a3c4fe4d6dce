/** What a device would refuse, told before a merge on a machine that is none. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { tempDir } from "../support/temp.ts";
import { runCommand } from "./run_command.ts";

async function validate(files: Record<string, string>, policy: string) {
  await using dir = await tempDir();
  for (const [path, text] of Object.entries({ ...files, "policy.toml": policy })) {
    await Deno.mkdir(dirname(join(dir.path, path)), { recursive: true });
    await Deno.writeTextFile(join(dir.path, path), text);
  }
  const args = [dir.path, "--device", "pi", "--policy", join(dir.path, "policy.toml")];
  const { code, err } = await runCommand("validate", ...args);
  return { code, said: err.replaceAll(dir.path, "DIR") };
}

const FILES = {
  "services/a.toml": 'command = "sleep 9"\nuser = "root"\nlimits = { rtprio = 5 }\nports = [8080, 80]\n',
  "services/b.toml": 'command = "sleep 9"\n[container]\nimage = "x"\ncap_add = ["NET_ADMIN"]\n',
  "deployments/c.toml": 'image = "x"\nmounts = ["data:/d", "/etc:/e"]\nports = ["3080:80"]\n',
};
const CLEAN = { "services/a.toml": 'command = "sleep 9"\n' };

Deno.test("validate --policy tells each refusal at the field that asks for it", async () => {
  const { code, said } = await validate(FILES, "");
  assert.equal(code, 3);
  const lines = said.split("\n").filter((line) => line.startsWith("error: "));
  const expected = [
    'services/a.toml:2:8: user: the owner of this device does not allow "root"',
    'services/a.toml:3:21: limits.rtprio: the owner of this device does not allow "rtprio"',
    'services/a.toml:4:16: ports[1]: the owner of this device does not allow "80"',
    'deployments/c.toml:2:22: mounts[1]: the owner of this device does not allow "/etc"',
    `deployments/c.toml:3:10: ports[0]: "3080" is the port of HarborNode's own page`,
  ];
  assert.deepEqual(lines.sort(), expected.map((line) => `error: ${line}`).sort());
  assert.match(said, /hint: leave it out, or set allow_root = true in \[policy\] of config\.toml/);
  assert.match(said, /^5 problems in 2 files$/m);
});

Deno.test("validate --policy takes a whole config.toml, and looks at nothing else of it", async () => {
  const config = 'listen_port = 9000\n[repo]\nurl = "x y"\ntoken_file = "/nowhere"\n[policy]\nallow_root = true\n' +
    'allow_priority = true\nallow_host_paths = ["/etc"]\nports = ["1-65535"]\n';
  assert.deepEqual((await validate(FILES, config)).code, 0);
  const { code, said } = await validate(FILES, `${config}max_workloads = 1\n`);
  assert.equal(code, 3);
  assert.match(said, /b\.toml:1:1: name: the owner of this device allows 1 workload in all/);
});

Deno.test("validate --policy says of a mode that is denied where both are", async () => {
  const { said } = await validate({ "services/b.toml": FILES["services/b.toml"] }, 'runtimes = ["docker"]\n');
  assert.match(said, /b\.toml:4:12: container\.cap_add\[0\]: the owner of this device does not allow "CAP_NET_ADMIN"/);
  assert.match(said, /mode: the owner of this device does not allow "native"/);
  assert.equal((await validate({ "services/b.toml": FILES["services/b.toml"] }, "")).code, 0);
});

Deno.test("validate --policy names what is wrong with the policy itself", async () => {
  const { code, said } = await validate(CLEAN, "allow_rooot = true\n");
  assert.equal(code, 3);
  assert.match(
    said,
    /error: DIR\/policy\.toml:1:1: allow_rooot: there is no field named "allow_rooot"\n {2}hint: did you/,
  );
  assert.match((await validate(CLEAN, '[policy]\nports = "x"\n')).said, /policy\.toml:2:9: policy\.ports: is "x"/);
});
