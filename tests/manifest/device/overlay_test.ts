/** Overlays and variables, from files to what a device is asked for. */
import assert from "node:assert/strict";
import type { Target } from "../../../src/manifest/device/selector.ts";
import { overlayProblems, readManifests } from "../../../src/manifest/read_manifests.ts";
import { problemLine } from "../../../src/model/problem.ts";
import type { NativeWorkload } from "../../../src/model/workload.ts";

const LAB: Target = { device: "pi-lab", labels: { room: "lab" } };

function tree(files: Record<string, string>) {
  return {
    entries: Object.entries(files).map(([path, { length: size }]) => {
      return { path, oid: path, type: "file" as const, executable: true, size };
    }),
    text: (path: string) => files[path],
  };
}

function web(files: Record<string, string>, target: Target = LAB): NativeWorkload {
  const { workloads, invalid } = readManifests(tree(files), { revision: "r", ...target });
  assert.deepEqual(invalid, []);
  return workloads[0] as NativeWorkload;
}

function problems(files: Record<string, string>, target: Target = LAB): string[] {
  const { invalid } = readManifests(tree(files), { revision: "r", ...target });
  return invalid.flatMap((manifest) => manifest.problems).map((problem) =>
    `${problemLine(problem)} | ${problem.hint ?? ""}`
  );
}

const MANIFEST = `
command = "sleep 9"
replicas = 2
env = { A = "1", B = "1" }
resources = { memory = "64Mi", cpu = 0.5 }

[overlay."room=*"]
replicas = 3
env.B = "2"

[overlay."!pi-kitchen".env]
C = "3"

[overlay."pi-lab"]
replicas = 4
resources.cpu = 1
command = ["sleep", "8"]
`;

Deno.test("overlays that fit are laid over a manifest in their order: tables into each other, all else in its place", () => {
  const lab = web({ "services/web.toml": MANIFEST });
  assert.deepEqual([lab.replicas, lab.env, lab.command], [4, { A: "1", B: "2", C: "3" }, ["sleep", "8"]]);
  assert.deepEqual(lab.resources, { memoryBytes: 64 * 1024 ** 2, cpus: 1, pids: null });
  const kitchen = web({ "services/web.toml": MANIFEST }, { device: "pi-kitchen", labels: {} });
  assert.deepEqual([kitchen.replicas, kitchen.env, kitchen.command], [2, { A: "1", B: "1" }, ["sleep", "9"]]);
});

Deno.test("what is wrong with a field is told where it was written, also in an overlay", () => {
  const text = `command = "sleep 9"\n[overlay."pi-lab"]\nreplicas = 0\nenv = { "a b" = "1" }\nreplica = 1\n`;
  assert.deepEqual(problems({ "services/web.toml": text }), [
    'services/web.toml:3:12: overlay."pi-lab".replicas: is 0, wanted a whole number from 1 to 100 | '.replace(
      'overlay."pi-lab"',
      "overlay.pi-lab",
    ),
    'services/web.toml:4:9: overlay.pi-lab.env."a b": the name "a b" is not letters, digits and _, not beginning with a digit | ',
    'services/web.toml:5:1: overlay.pi-lab.replica: there is no field named "replica" | did you mean "replicas"?',
  ]);
});

Deno.test("overlays for others harm nobody here, and are told of when a checkout is validated", () => {
  const text = `command = "sleep 9"\n[overlay."srv-*"]\nreplicas = 0\n`;
  const files = { "services/web.toml": text };
  assert.deepEqual(problems(files), []);
  assert.deepEqual(overlayProblems(tree(files), LAB).map(problemLine), [
    'services/web.toml:3:12: overlay."srv-*".replicas: is 0, wanted a whole number from 1 to 100',
  ]);
});

Deno.test("overlays cannot change who a workload is, nor be anything but tables of fields", () => {
  const cases: [string, RegExp][] = [
    [`[overlay."pi-lab"]\nname = "other"`, /name is the same on every device/],
    [`[overlay."pi-lab"]\non = "x"`, /on is the same on every device/],
    [`[overlay."pi lab"]\nreplicas = 1`, /"pi lab" is no device like/],
    [`[overlay]\nreplicas = 1`, /overlay\.replicas: is 1, wanted a table of fields/],
    [`overlay = 3`, /overlay: is 3, wanted tables/],
  ];
  for (const [text, expected] of cases) {
    const said = problems({
      "services/web.toml": `${text.startsWith("[") ? "" : `${text}\n`}command = "sleep 9"\n${
        text.startsWith("[") ? text : ""
      }\n`,
    });
    assert.match(said.join("\n"), expected);
  }
});

Deno.test("a table named __proto__ in an overlay is a name like any other", () => {
  const text = `command = "sleep 9"\n[overlay."pi-lab".__proto__]\nenabled = false\n`;
  assert.match(problems({ "services/web.toml": text }).join(), /there is no field named "__proto__"/);
  assert.equal(({} as Record<string, unknown>).enabled, undefined);
});

const VARS = `domain = "example.org"\ncount = 3\nargs = ["-a", "-b"]\n[overlay."pi-*"]\ndomain = "pi.example.org"\n`;

Deno.test("variables stand for their values: alone as what they are, in other text written out", () => {
  const text = `
command = "\${vars.args}"
replicas = "\${vars.count}"
env = { URL = "https://\${vars.domain}:\${vars.count}/\${vars.own}", WHO = "\${device.name} in \${device.labels.room}", RAW = "$\${vars.domain}", HOME = "\${HOME}" }
[vars]
own = "x"
[overlay."pi-lab".vars]
own = "y"
`;
  const { command, replicas, env } = web({ "services/web.toml": text, "vars.toml": VARS });
  assert.deepEqual(command, ["-a", "-b"]);
  assert.equal(replicas, 3);
  assert.deepEqual(env, {
    URL: "https://pi.example.org:3/y",
    WHO: "pi-lab in lab",
    RAW: "${vars.domain}",
    HOME: "${HOME}",
  });
});

Deno.test("a file of the environment that a variable or an overlay names is read", () => {
  const text =
    `command = "sleep 9"\nenv_file = "\${vars.file}"\n[vars]\nfile = "a.env"\n[overlay.pi-lab.vars]\nfile = "b.env"\n`;
  const files = { "services/web.toml": text, "services/web/a.env": "A=1\n", "services/web/b.env": "B=1\n" };
  assert.deepEqual(web(files).env, { B: "1" });
});

Deno.test("variables that are not there, or cannot be used so, are told in their place", () => {
  const cases: [string, RegExp][] = [
    [
      `env = { A = "\${vars.domian}" }`,
      /env\.A: there is no variable "vars\.domian" \| did you mean "\$\{vars\.domain\}"\?/,
    ],
    [`env = { A = "x\${vars.args}" }`, /env\.A: "vars\.args" is an array, and cannot be written into other text/],
    [`replicas = "\${vars.domain}"`, /replicas: is "pi\.example\.org", wanted a whole number/],
    [`env = { A = "\${device.labels.floor}" }`, /there is no variable "device\.labels\.floor"/],
    [`vars = { "a b" = 1 }`, /the name "a b" is not letters/],
    [`vars = { a = { b = 1 } }`, /vars\.a: is a table, wanted a string/],
  ];
  for (const [line, expected] of cases) {
    const files = { "services/web.toml": `command = "sleep 9"\n${line}\n`, "vars.toml": VARS };
    assert.match(problems(files).join("\n"), expected);
  }
});

Deno.test("a broken file of variables harms those who use one, and no others", () => {
  const files = {
    "vars.toml": "domain = \n",
    "services/a.toml": `command = "sleep \${vars.domain}"\n`,
    "services/b.toml": `command = "sleep 9"\n`,
  };
  const { workloads, invalid } = readManifests(tree(files), { revision: "r", ...LAB });
  assert.deepEqual(workloads.map((spec) => spec.name), ["b"]);
  assert.match(invalid[0]!.problems[0]!.message, /variables of vars\.toml are used, and that has problems/);
});

Deno.test("variables cannot fill the memory of a device", () => {
  const long = `big = "${"x".repeat(200_000)}"\n`;
  for (const use of ["-${vars.big}", "${vars.big}"]) {
    const uses = Array.from({ length: 2000 }, (_, index) => `V${index} = "${use}"`).join("\n");
    const files = { "vars.toml": long, "services/web.toml": `command = "sleep 9"\n[env]\n${uses}\n` };
    assert.match(problems(files).join("\n"), /its variables write out more than 1 MiB/, use);
  }
});

Deno.test("variables of many manifests are bounded together, and manifests before the bound are as they were", () => {
  const names = Array.from({ length: 100 }, (_, index) => `w${String(index).padStart(3, "0")}`);
  const text = 'command = "sleep 9"\nenv = { A = "${vars.big}" }\n';
  const files = {
    "vars.toml": `big = "${"x".repeat(200_000)}"\n`,
    ...Object.fromEntries(names.map((name) => [`services/${name}.toml`, text])),
  };
  const { workloads, invalid } = readManifests(tree(files), { revision: "r", ...LAB });
  assert.deepEqual(workloads.map(({ name }) => name), names.slice(0, workloads.length));
  assert.equal(workloads.length, Math.floor(16 * 1024 * 1024 / 200_000));
  assert.match(invalid[0]!.problems[0]!.message, /write out more than 16 MiB in all manifests together/);
});
