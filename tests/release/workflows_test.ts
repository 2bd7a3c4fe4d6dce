/** What runs at the forge cannot be run here: that what it names is there, is pinned, and may do no more than it must. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import project from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);
const FOLDER = new URL(".github/workflows/", ROOT);

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface Job {
  needs?: string | string[];
  environment?: string;
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  uses?: string;
  steps?: Step[];
}

interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

const workflows: { file: string; text: string; workflow: Workflow }[] = [];
for await (const { name } of Deno.readDir(FOLDER)) {
  const text = await Deno.readTextFile(new URL(name, FOLDER));
  workflows.push({ file: name, text, workflow: parse(text, { version: "1.2" }) });
}
const jobs = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file}: ${name}`, job, workflow }))
);
const steps = jobs.flatMap(({ name, job }) => (job.steps ?? []).map((step) => ({ name, step })));
const release = workflows.find(({ file }) => file === "release.yml")!.workflow;

Deno.test("there are a workflow that tests and one that releases", () => {
  assert.deepEqual(workflows.map(({ file }) => file).sort(), ["release.yml", "test.yml"]);
  assert.deepEqual(release.on, { push: { tags: ["v[0-9]+.[0-9]+.[0-9]+"] } });
});

Deno.test("every action is pinned by the whole id of a commit, with its version beside it", () => {
  const used = workflows.flatMap(({ text }) => [...text.matchAll(/^[ -]+uses: *(.*)$/gm)].map(([, what]) => what!));
  assert.equal(used.length, steps.filter(({ step }) => step.uses).length + jobs.filter(({ job }) => job.uses).length);
  const loose = used.filter((what) => !/^(\.\/|[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/.test(what));
  assert.deepEqual(loose, []);
});

Deno.test("one action has one version", () => {
  const pins = new Map<string, Set<string>>();
  for (const { step } of steps) {
    const [action, pin] = step.uses?.split("@") ?? [];
    if (action !== undefined && pin !== undefined) pins.set(action, (pins.get(action) ?? new Set()).add(pin));
  }
  assert.ok(pins.size > 3);
  assert.deepEqual([...pins].filter(([, versions]) => versions.size > 1), []);
});

Deno.test("no job may do more than was written for it", () => {
  const WRITES = ["attestations", "contents", "id-token"];
  for (const { name, job, workflow } of jobs) {
    const granted = job.permissions ?? workflow.permissions;
    assert.ok(granted !== undefined, `${name} has the permissions that the repository gives by default`);
    const written = Object.entries(granted).filter(([, level]) => level !== "read").map(([scope]) => scope);
    assert.deepEqual(written.filter((scope) => !WRITES.includes(scope)), [], name);
  }
  assert.deepEqual(release.permissions, {});
  const writers = Object.entries(release.jobs).filter(([, job]) => job.permissions?.contents === "write");
  assert.deepEqual(writers.map(([name]) => name), ["publish", "latest"]);
});

Deno.test("the key of releases is seen by one step, which runs nothing that a package brought", () => {
  const seeing = steps.filter(({ step }) => JSON.stringify(step).includes("secrets."));
  assert.deepEqual(seeing.map(({ name, step }) => [name, step.run]), [
    ["release.yml: sign", ".github/release sign assets"],
  ]);
  assert.equal(release.jobs.sign!.environment, "release");
  for (const step of release.jobs.sign!.steps!) assert.doesNotMatch(step.run ?? "", /npx|npm|deno|apt/);
});

Deno.test("nothing of the forge's is put into a shell's text", () => {
  for (const { name, step } of steps) assert.doesNotMatch(step.run ?? "", /\$\{\{/, name);
});

Deno.test("no checkout leaves a token behind, and every job ends at some time", () => {
  for (const { name, step } of steps) {
    if (step.uses?.startsWith("actions/checkout@")) assert.equal(step.with?.["persist-credentials"], false, name);
  }
  for (const { name, job } of jobs) assert.ok(job.uses !== undefined || job["timeout-minutes"]! <= 30, name);
});

Deno.test("a release is published after it was tested, compiled twice and signed, and becomes the latest after it was installed", () => {
  const before = (name: string): string[] => {
    const needs = [release.jobs[name]!.needs ?? []].flat();
    return [...needs, ...needs.flatMap(before)];
  };
  for (const name of ["check", "test", "compile", "sign"]) assert.ok(before("publish").includes(name), name);
  assert.ok(before("latest").includes("smoke") && before("smoke").includes("publish"));
  for (const name of Object.keys(release.jobs)) assert.ok(name === "check" || before(name).includes("check"), name);
});

Deno.test("the files, tasks and steps that workflows name are there", async () => {
  const scripts: string[] = [];
  for (const { step } of steps) {
    for (const [, task] of (step.run ?? "").matchAll(/\btask ([a-z]+)/g)) assert.ok(task! in project.tasks, task);
    for (const [path] of (step.run ?? "").matchAll(/(?<=^|\s)\.[a-z]+\/\w+/g)) scripts.push(path);
  }
  for (const { job } of jobs) if (job.uses !== undefined) scripts.push(job.uses);
  assert.ok(scripts.includes(".ci/run") && scripts.includes(".github/release") && scripts.length > 6);
  for (const path of scripts) {
    const { mode } = await Deno.stat(new URL(path, ROOT));
    assert.ok(path.endsWith(".yml") || (mode! & 0o111) !== 0, `${path} cannot be run`);
  }
  const script = await Deno.readTextFile(new URL(".github/release", ROOT));
  for (const { step } of steps) {
    for (const [, word] of (step.run ?? "").matchAll(/\.github\/release (\w+)/g)) {
      assert.match(script, new RegExp(`^${word}\\(\\) \\{`, "m"));
    }
  }
});

Deno.test("executables are released with the runtime that they were tested with", async () => {
  const ci = await Deno.readTextFile(new URL(".ci/run", ROOT));
  const tested = /^compiler\(\) .*\bdeno@(\S+)/m.exec(ci)?.[1];
  const released = steps.flatMap(({ step }) => /deno@(\S+) task compile/.exec(step.run ?? "")?.[1] ?? []);
  assert.deepEqual(released, [tested]);
});
