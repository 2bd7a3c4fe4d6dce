/** Whatever config.toml and the environment hold is settings or problems, and no secret of theirs is ever quoted. */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { problemLine } from "../../src/model/problem.ts";
import { loadSettings } from "../../src/settings/load_config.ts";
import { tempDir } from "../support/temp.ts";
import { fuzz, UNPRINTABLE } from "./fuzz.ts";
import { oftenMutated } from "./mutations.ts";

/** In the places where people put secrets, right and wrong ones; the pieces are told from each other by their number. */
const SECRETS = Array.from({ length: 8 }, (_, index) => `pl4nted-${index}-T0ken`);
const [TOKEN, PASSWORD, WEBHOOK, REGISTRY, IN_FILE, MISPLACED, IN_PATH, IN_ENV] = SECRETS as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

const FILES = [
  `device = "pi"\nlisten_port = 3080\n[labels]\nroom = "kitchen"\n[repo]\nurl = "https://git.example.org/fleet.git"\ntoken = "${TOKEN}"\ninterval = "1m"\n`,
  `[repo]\nurl = "https://ada:${PASSWORD}@git.example.org/fleet.git?token=${MISPLACED}"\nbranch = "main"\npath = "a/b"\n`,
  `[repo]\nurl = "ssh://git:${PASSWORD}@git.example.org/fleet.git"\nusername = "ada"\ntoken_file = "${IN_PATH}"\n`,
  `[repo]\nurl = "./fleet"\ntoken_file = "token"\nverify = "head"\nallowed_signers = "signers"\nrequire_fast_forward = true\n`,
  `[repo]\nurl = "./fleet"\n[webhook]\nsecret = "${WEBHOOK}"\n[registry."ghcr.io"]\nusername = "ada"\npassword = "${REGISTRY}"\n`,
  `repo = "https://ada:${MISPLACED}@git.example.org/fleet.git"\nwebhook = "${WEBHOOK}"\n`,
  `[repo]\nurl = "./fleet"\n[policy]\nallow_devices = ["/dev/ttyUSB*"]\nallow_capabilities = ["CAP_NET_RAW"]\nallow_host_paths = ["/srv"]\n[runtime]\nmodes = { web = "native" }\n[native]\nport_range = "20000-30000"\n[limits]\nmemory_reserve = "64Mi"\n[log]\nlevel = "info"\n`,
];

/** A secret stands where a secret belongs, or in a URL. */
const anything = fc.oneof(fc.constantFrom("", "3080", "true", "\u001b[2J", "a=b", "{"), fc.string({ maxLength: 10 }));
const ofSecrets = fc.constantFrom(IN_ENV, "", "\0");
const environment = fc.record({
  HARBORNODE_REPO_URL: fc.constantFrom(
    `https://ada:${IN_ENV}@git.example.org/a.git`,
    `ada:${IN_ENV}@host:a`,
    "",
    "./fleet",
  ),
  HARBORNODE_REPO_TOKEN: ofSecrets,
  HARBORNODE_REPO_TOKEN_FILE: fc.constantFrom(IN_ENV, "token", "."),
  HARBORNODE_WEBHOOK_SECRET: ofSecrets,
  HARBORNODE_LISTEN_PORT: anything,
  HARBORNODE_LABELS: anything,
  HARBORNODE_REPO: anything,
  HARBORNODE_NOBODY_KNOWS_IT: anything,
}, { requiredKeys: [] });

/** As soon as what was done to the file has put a secret into a name, it is shown like a name. */
function isInItsPlace(secret: string, text: string): boolean {
  const lines = text.split("\n").filter((line) => line.includes(secret));
  return lines.every((line) => /^\s*(token|token_file|secret|password|url|repo|webhook) *= *"[^"]*"/.test(line));
}

Deno.test("no config.toml and no environment is a bug to who reads them, or quoted with a secret", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(join(dir.path, "token"), IN_FILE);
  await Deno.writeTextFile(join(dir.path, "signers"), "");
  let valid = 0;
  const property = fc.asyncProperty(
    oftenMutated(FILES),
    fc.oneof(fc.constant({}), environment),
    async (text, env) => {
      await Deno.writeTextFile(join(dir.path, "config.toml"), text);
      const loaded = await loadSettings({ file: undefined, cwd: dir.path, env, hostname: "pi" });
      if ("settings" in loaded) return void valid++;
      assert.ok(loaded.problems.length > 0);
      const secrets = SECRETS.filter((one) => isInItsPlace(one, text));
      for (const problem of loaded.problems) {
        const line = `${problemLine(problem)} ${problem.hint ?? ""}`;
        for (const secret of secrets) assert.ok(!line.includes(secret), `${secret}: ${line}`);
        assert.doesNotMatch(line, UNPRINTABLE);
        assert.ok(line.length < 2000, line.slice(0, 300));
      }
    },
  );
  await fc.assert(property, fuzz(1000));
  assert.ok(valid > 50, `${valid} of them were settings`);
});
