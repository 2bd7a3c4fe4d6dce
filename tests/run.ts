/**
 * `deno task test`: runs what this machine can run and ends with one plain line, `N passed, N failed, N skipped`.
 *
 *   deno task test [--pure] [PATH...]
 *
 * --pure: the pure suites alone, with no permission but to read: Deno itself then proves that they touch nothing.
 */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { countTests, type TestCount } from "./support/test_count.ts";

const ROOT = new URL("..", import.meta.url).pathname;

const PURE = [
  "tests/architecture_test.ts",
  "tests/manifest",
  "tests/model",
  "tests/plan",
  "tests/cli/show_status_test.ts",
  "tests/http/signature_test.ts",
  "tests/probe/verdict_test.ts",
  "tests/runtime/docker/container_test.ts",
  "tests/source/poll_test.ts",
  "tests/source/redact_test.ts",
];

const pure = Deno.args.includes("--pure");
const paths = Deno.args.filter((arg) => !arg.startsWith("--"));
const report = await Deno.makeTempFile({ prefix: "harbornode-tests-", suffix: ".xml" });
try {
  const permissions = pure ? ["--allow-read=."] : ["-A"];
  const chosen = paths.length > 0 ? paths : pure ? PURE : ["tests"];
  const { success, skips } = await run(["test", ...permissions, `--junit-path=${report}`, ...chosen]);
  const count = countTests(await Deno.readTextFile(report), success);
  tell(count, skips);
  Deno.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);
} finally {
  await Deno.remove(report).catch(() => {});
}

/** Shows what the tests say as they say it, and keeps the reasons of skips. */
async function run(args: string[]): Promise<{ success: boolean; skips: string[] }> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stdin: "null",
    stderr: "piped",
    env: Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" },
  }).spawn();
  const skips: string[] = [];
  let rest = "";
  for await (const chunk of child.stderr) {
    await Deno.stderr.write(chunk);
    const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
    rest = lines.pop()!;
    skips.push(...lines.filter((line) => line.startsWith("SKIPPED ")));
  }
  return { success: (await child.status).success, skips };
}

function tell({ passed, failed, skipped }: TestCount, skips: string[]): void {
  const byReason = Map.groupBy(skips, (line) => line.slice(line.lastIndexOf(": ") + 2));
  for (const [reason, lines] of byReason) console.log(`${lines.length} skipped: ${reason}`);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
}
