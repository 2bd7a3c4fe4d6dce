/**
 * `deno task test`: runs the tests that this machine can run and ends with one plain line, `N passed, N failed, N
 * skipped`. `--help` prints the options (tests/support/test_options.ts).
 *
 * Deno itself proves that the pure suites touch nothing: with `--pure` they have no permission but to read sources.
 * Exit code 1 when a test failed, when a module did not load, or when no test ran.
 */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { join } from "node:path";
import { countAfterRerun, failedTests, filesToRerun, healedLines } from "./support/rerun_failed.ts";
import { countLine, countTests, skipReasons, sumOf } from "./support/test_count.ts";
import { testOptions, USAGE } from "./support/test_options.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Suites that need neither disk, network, environment nor another process. */
const PURE = [
  "tests/architecture_test.ts",
  "tests/bench/summary_test.ts",
  "tests/compiled/bundle_test.ts",
  "tests/manifest",
  "tests/model",
  "tests/reconciler/pipeline",
  "tests/schema",
  "tests/status",
  "tests/cli/format",
  "tests/doctor/checks_test.ts",
  "tests/doctor/daemon_checks_test.ts",
  "tests/doctor/machine_checks_test.ts",
  "tests/doctor/repository_checks_test.ts",
  "tests/http/webhook/authenticate_test.ts",
  "tests/notify/commit_state_test.ts",
  "tests/notify/commit_status_request_test.ts",
  "tests/notify/pending_messages_test.ts",
  "tests/probe/probe_status_test.ts",
  "tests/runtime/docker/container_test.ts",
  "tests/source/poll_interval_test.ts",
  "tests/source/redact_credentials_test.ts",
  "tests/support/rerun_failed_test.ts",
  "tests/support/test_count_test.ts",
  "tests/support/test_options_test.ts",
  "tests/ui",
];

/** Suites that mostly wait and share nothing: each set runs in its own process beside the others, and is shown last. */
const ASIDE = [
  ["tests/compiled", "tests/runtime/docker"],
  ["tests/runtime/native", "tests/secrets", "tests/source"],
];

/** Suites that use all processors: emulated machines would slow every other suite down, and the other way round. */
const ALONE = ["tests/device"];

const parsed = testOptions(Deno.args);
if ("error" in parsed) {
  console.error(`error: ${parsed.error}\n${USAGE}`);
  Deno.exit(2);
}
const { paths, filter, again, pure, help } = parsed;
if (help) {
  console.log(USAGE);
  Deno.exit(0);
}
for (const path of paths) {
  if (await Deno.stat(join(ROOT, path)).then(() => true, () => false)) continue;
  console.error(`error: there is no file or folder "${path}" in the repository\n${USAGE}`);
  Deno.exit(2);
}

const PERMISSIONS = pure ? ["--no-prompt", "--allow-read=tests,src,ui,deno.json"] : ["-A"];

Deno.exit(await main());

async function main(): Promise<number> {
  const work = await Deno.makeTempDir({ prefix: "harbornode-tests-" });
  try {
    const options = [...await settings(work), ...(filter === null ? [] : [`--filter=${filter}`])];
    const run = async (chosen: string[], quiet = false) => {
      const report = join(work, `${crypto.randomUUID()}.xml`);
      const ran = await denoTest([...options, ...PERMISSIONS, `--junit-path=${report}`, ...chosen], quiet);
      const count = countTests(await Deno.readTextFile(report).catch(() => ""), ran);
      return { count, failed: failedTests(ran.output), output: ran.output };
    };
    const isWhole = paths.length === 0 && !pure;
    const aside = isWhole ? ASIDE.map((set) => run(set, true)) : [];
    let first = await run(
      isWhole ? ["tests", `--ignore=${[...ASIDE.flat(), ...ALONE]}`] : paths.length > 0 ? paths : PURE,
    );
    const others = await Promise.all(aside);
    for (const { output } of others) console.log(output);
    if (isWhole) others.push(await run(ALONE));
    for (const { count, failed, output } of others) {
      first = {
        count: sumOf(first.count, count),
        failed: [...first.failed, ...failed],
        output: `${first.output}\n${output}`,
      };
    }
    let { count } = first;
    const files = again ? filesToRerun(first.failed, count) : [];
    if (files.length > 0) console.log(`\nRERUN of the files with failed tests: ${files.join(", ")}\n`);
    const second = files.length > 0 ? await run(files) : null;
    if (second !== null) count = countAfterRerun(count, second.count);
    console.log("");
    for (const [reason, tests] of skipReasons(first.output)) console.log(`${tests} skipped: ${reason}`);
    for (const line of second === null ? [] : healedLines(first.failed, second.failed)) console.log(line);
    if (filter !== null && count.passed + count.failed + count.skipped === 0) {
      console.log(`no test has a name that matches "${filter}"`);
    }
    console.log(countLine(count));
    return count.failed > 0 || count.passed === 0 ? 1 : 0;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Before 2.8 Deno looks for leaks in every test by default, and takes the key of deno.json that asks later versions to
 * do so for a mistake (https://docs.deno.com/runtime/test/sanitizers/).
 */
async function settings(work: string): Promise<string[]> {
  const [major, minor] = Deno.version.deno.split(".").map(Number) as [number, number];
  if (major > 2 || minor >= 8) return [];
  const { test: _, ...rest } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const path = join(work, "deno.json");
  await Deno.writeTextFile(path, JSON.stringify(rest));
  // A copy: the lock file notes what its deno.json asks for, and this is another one.
  const lock = join(work, "deno.lock");
  await Deno.copyFile(join(ROOT, "deno.lock"), lock);
  return [`--config=${path}`, `--lock=${lock}`];
}

/** Runs `deno test`, shows its output as it comes unless `quiet`, and returns the output. */
async function denoTest(args: string[], quiet: boolean): Promise<{ success: boolean; output: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    env: Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" },
  }).spawn();
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    for (let at = quiet ? chunk.length : 0; at < chunk.length;) at += await Deno.stdout.write(chunk.subarray(at));
  }
  return { success: (await child.status).success, output };
}
