/** Texts of a revision are compared with their limits by the list of files: what is too large is named, and never loaded. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { revisionVerifier } from "../../src/sync/verify_revision.ts";
import { openCheckout, readForDevice } from "../../src/operations/checkout_plan.ts";
import { loadRevision } from "../../src/sync/load_revision.ts";
import { createSource } from "../../src/source/create_source.ts";
import type { Revision } from "../../src/source/source.ts";
import { SourceRecord } from "../../src/store/source_record.ts";
import type { SourceState } from "../../src/store/source_state.ts";
import { sourceSettings, sync } from "../source/fleet.ts";
import { GitRepository } from "../support/git_repository.ts";
import { commitPaths, under, zeros } from "../support/git_trees.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const TARGET = { device: "d", labels: {} };
const KIB = 1024;
const VALID = 'command = ["sleep", "1"]\n';
const TRUST = { verify: "none", allowedSigners: null, requireFastForward: false } as const;

async function committed() {
  const dir = await tempDir();
  const repository = await GitRepository.create(`${dir.path}/work`);
  await repository.write("services/good.toml", VALID);
  const first = await repository.commit("good");
  const record = SourceRecord.inMemory({ url: "", branch: "", device: "d" } as SourceState);
  const known = () => ({ record, source: { url: "", branch: "" }, target: TARGET });
  const admit = revisionVerifier({ trust: TRUST, clock: systemClock, known });
  const source = createSource(sourceSettings(repository.dir), {
    gitDir: `${dir.path}/held`,
    clock: systemClock,
    admit,
  });
  return { dir: dir.path, repository, first, source, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

/** Notes the path of everything that is read of the revision. */
function watched(revision: Revision): { revision: Revision; read: string[] } {
  const read: string[] = [];
  return {
    read,
    revision: {
      ...revision,
      read: (entry) => {
        read.push(entry.path);
        return revision.read(entry);
      },
    },
  };
}

await testNeeding(["git"], "each text over its limit is a problem with size and limit, and is not read", async () => {
  await using on = await committed();
  const { repository, source } = on;
  const blob = await zeros(repository, 300 * KIB);
  const variables = { "services/user.toml": 'command = ["sleep", "${vars.a}"]\n', "vars.toml": "" };
  const env = Array.from({ length: 17 }, (_, n) => `e${n}`);
  const files = {
    ...variables,
    "services/env.toml": `${VALID}env_file = "large.env"\n`,
    "services/many.toml": `${VALID}env_file = ${JSON.stringify(env)}\n`,
    "services/secret.toml": `${VALID}secrets = ["key"]\n`,
  };
  for (const [path, text] of Object.entries(files)) await repository.write(path, text);
  await repository.git("add", "--all");
  await commitPaths(repository, [
    ...under(blob, 60, (n) => `services/b${n}.toml`),
    ["services/env/large.env", blob],
    ["secrets/key.age", blob],
    ["vars.toml", blob],
    ["harbornode.toml", blob],
  ], "large texts");

  const { revision, read } = watched(await sync(source));
  const { workloads, invalid, daemon } = await loadRevision(revision, TARGET);

  const large = revision.entries.filter(({ size }) => size > 256 * KIB).map(({ path }) => path);
  assert.equal(large.length, 64);
  assert.deepEqual(read.filter((path) => large.includes(path)), []);
  assert.deepEqual(workloads.map(({ name }) => name), ["good"]);
  const said = new Map(
    invalid.map(({ name, problems }) => [
      name,
      problems.map(({ file, message, hint }) => `${file}: ${message} (${hint})`).join("\n"),
    ]),
  );
  assert.equal(invalid.length, 64);
  const limit = "the file has 300 KiB, and 64 KiB is the limit";
  for (let n = 1; n <= 60; n++) {
    assert.equal(said.get(`b${n}`), `services/b${n}.toml: ${limit} (keep data in files of the workload's folder)`);
  }
  assert.equal(said.get("env"), `services/env/large.env: ${limit} (keep fewer variables in it)`);
  assert.match(said.get("many")!, /names 17 files, and 16 is the limit \(put their lines into fewer files\)/);
  assert.match(said.get("secret")!, /secrets\/key\.age is over 128 KiB/);
  assert.match(said.get("user")!, /variables of vars\.toml are used, and that has problems/);
  assert.match(daemon!.problems[0]!.message, /^the file has 300 KiB, and 64 KiB is the limit$/);
});

await testNeeding(
  ["git"],
  "many texts that are within their limits are bounded together, before the swap",
  async () => {
    await using on = await committed();
    const { repository, source } = on;
    await sync(source);
    const blob = await zeros(repository, 60 * KIB);
    const bomb = await commitPaths(
      repository,
      under(blob, 300, (n) => `services/b${n}.toml`),
      "300 manifests of 60 KiB",
    );
    await assert.rejects(source.fetch(bomb, () => {}, new AbortController().signal), {
      name: "Failure",
      kind: "mistake",
      reason: "repo_invalid",
      message: /its 301 manifests, secrets and shared files have 18\.4 MB together, and 16 MiB is the limit$/,
    });
    assert.equal((await source.lastFetched())?.id, on.first, "the revision before is still the one on disk");
  },
);

await testNeeding(
  ["git"],
  "env_files beyond the bound of all texts are problems of the workloads that name them",
  async () => {
    await using on = await committed();
    const { repository, source } = on;
    const names = Array.from({ length: 16 }, (_, n) => `e${n}`);
    for (let n = 1; n <= 20; n++) {
      await repository.write(`services/w${n}.toml`, `${VALID}env_file = ${JSON.stringify(names)}\n`);
    }
    await repository.git("add", "--all");
    const blob = await zeros(repository, 60 * KIB);
    await commitPaths(
      repository,
      under(blob, 320, (n) => `services/w${Math.ceil(n / 16)}/e${n % 16}`),
      "320 env_files",
    );
    const { revision, read } = watched(await sync(source));
    const { invalid } = await loadRevision(revision, TARGET);
    const loaded = read.filter((path) => /\/e\d+$/.test(path)).length;
    assert.equal(loaded, Math.floor(16 * KIB / 60), "as many as are within the bound");
    const problems = invalid.flatMap((manifest) => manifest.problems.map(({ message }) => message));
    assert.ok(
      problems.some((problem) => /e\d+" is not read: the texts of the revision are over 16 MiB$/.test(problem)),
      problems[0],
    );
  },
);

await testNeeding(["git"], "a checkout is told the same as a device, before it is pushed", async () => {
  await using on = await committed();
  await on.repository.write("services/large.toml", `${VALID}#${"x".repeat(70 * KIB)}\n`);
  await on.repository.write("large.bin", new Uint8Array(3 * KIB * KIB));
  await on.repository.write("devices.toml", `# ${"x".repeat(1100 * KIB)}\n`);
  const checkout = await openCheckout(on.repository.dir);
  assert.match(checkout.problems[0]!.message, /^the file has 1\.1 MB, and 1 MiB is the limit$/);
  const { desired } = await readForDevice(checkout, TARGET);
  assert.match(desired.invalid[0]!.problems[0]!.message, /^the file has 71\.\d kB, and 64 KiB is the limit$/);
  const large = checkout.entries.find(({ path }) => path === "large.bin")!;
  assert.equal(large.oid, await on.repository.git("hash-object", "large.bin"));
  await assert.rejects(checkout.read(large), { name: "Failure", message: /"large\.bin" has 3\.1 MB/ });
});
