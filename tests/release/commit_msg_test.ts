/** .github/hooks/commit-msg, called by git itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { GIT_ENVIRONMENT } from "../support/git_environment.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const HOOKS = new URL("../../.github/hooks", import.meta.url).pathname;

/** Commits a file of so many lines with the message. Returns what git wrote to stderr, or null when it accepted. */
async function commit(message: string, lines = 1): Promise<string | null> {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "project"));
  await repository.write("file", "line\n".repeat(lines));
  await repository.git("add", "file");
  const { success, stderr } = await new Deno.Command("git", {
    args: ["-c", `core.hooksPath=${HOOKS}`, "commit", "--quiet", "--message", message],
    cwd: repository.dir,
    env: GIT_ENVIRONMENT,
    clearEnv: true,
    stdin: "null",
  }).output();
  return success ? null : new TextDecoder().decode(stderr);
}

const SEVENTY_TWO = `plan: ${"x".repeat(66)}`;
const BODY = "The limit was a guess. It is measured now.";

const ACCEPTED: [what: string, message: string, lines?: number][] = [
  ["area and imperative", "plan: keep the port of a service"],
  ["several areas", "plan, runtime/native: keep the port"],
  ["72 characters", SEVENTY_TWO],
  ["72 characters of several bytes each", `plan: ${"ä".repeat(66)}`],
  ["40 lines without a body", "plan: keep the port", 40],
  ["41 lines with a body", `plan: keep the port\n\n${BODY}`, 41],
  ["a revert", 'Revert "plan: keep the port"\n\nThis reverts commit 4f2c91a.', 41],
  ["a fixup", "fixup! plan: keep the port", 41],
];

const REFUSED: [what: string, message: string, error: RegExp, lines?: number][] = [
  ["no area", "keep the port", /names no area\n {2}hint: write "area: imperative"/],
  ["an area in upper case", "Plan: keep the port", /the area "Plan" is not in lower case\n {2}hint: name the folder/],
  ["upper case after the colon", "plan: Keep the port", /begins with a capital letter\n {2}hint: write lower case/],
  ["a period", "plan: keep the port.", /ends with a period\n/],
  ["a past tense", "plan: added a port", /"added a port" is not imperative\n/],
  ["73 characters", `${SEVENTY_TWO}x`, /the subject has 73 characters, and 72 at most are allowed\n {2}hint: move/],
  ["no empty second line", "plan: keep the port\nand the address", /the second line is "and the address"\n/],
  ["41 lines without a body", "plan: keep the port", /changes 41 lines and has no body\n {2}hint: say in one/, 41],
  ["a body of a trailer alone", "plan: keep the port\n\nSigned-off-by: A <a@example.org>", /has no body/, 41],
];

for (const [what, message, lines] of ACCEPTED) {
  await testNeeding(["git"], `the commit-msg hook accepts ${what}`, async () => {
    assert.equal(await commit(message, lines), null);
  });
}

for (const [what, message, error, lines] of REFUSED) {
  await testNeeding(["git"], `the commit-msg hook refuses ${what}`, async () => {
    assert.match(await commit(message, lines) ?? "accepted", error);
  });
}
