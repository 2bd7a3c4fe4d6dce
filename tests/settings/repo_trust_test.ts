import assert from "node:assert/strict";
import { join } from "node:path";
import { loadGiven, URL_LINE } from "./load_given.ts";

Deno.test("no revision has to be signed, and a rewound branch is followed, unless the settings say so", async () => {
  const { settings } = await loadGiven({ text: URL_LINE });
  assert.deepEqual(settings?.trust, { verify: "none", allowedSigners: null, requireFastForward: false });
});

Deno.test("a list of signers is looked for from the folder of config.toml", async () => {
  const text = `${URL_LINE}verify = "head"\nallowed_signers = "trust/signers"\nrequire_fast_forward = true\n`;
  const { settings, cwd, problems } = await loadGiven({ text, files: { "trust/signers": "" } });
  assert.deepEqual(problems, []);
  const allowedSigners = join(cwd, "trust/signers");
  assert.deepEqual(settings?.trust, { verify: "head", allowedSigners, requireFastForward: true });
});

Deno.test("signatures that nobody could verify are a problem of the settings", async () => {
  const cases: [string, string][] = [
    ['verify = "all"', 'is "all", wanted "none" or "head"'],
    ['verify = "head"', "there is no allowed_signers to verify with"],
    ['verify = "head"\nallowed_signers = "gone"', "names a file that cannot be read: no such file"],
    ['verify = "head"\nallowed_signers = "folder"', "names a file that cannot be read: is a directory"],
  ];
  for (const [lines, sentence] of cases) {
    const { problems } = await loadGiven({ text: `${URL_LINE}${lines}\n`, files: { "folder/file": "" } });
    assert.equal(problems.length, 1, lines);
    assert.ok(problems[0]!.includes(sentence), problems[0]);
  }
});

Deno.test("a list of signers that whoever pushes could change is none", async () => {
  for (const url of ["fleet", "./fleet", "./"]) {
    const text = `[repo]\nurl = "${url}"\nverify = "head"\nallowed_signers = "fleet/signers"\n`;
    const { problems } = await loadGiven({ text, files: { "fleet/signers": "" } });
    assert.match(problems.join("\n"), /allowed_signers: names a file in the repository itself/);
  }
  const beside = `[repo]\nurl = "fleet"\nverify = "head"\nallowed_signers = "fleet.signers"\n`;
  assert.deepEqual((await loadGiven({ text: beside, files: { "fleet.signers": "" } })).problems, []);
});
