import assert from "node:assert/strict";
import { testOptions } from "./test_options.ts";

const NOTHING = { paths: [], filter: null, again: false, pure: false, help: false };

Deno.test("paths, a filter and flags are accepted in any order", () => {
  assert.deepEqual(testOptions([]), NOTHING);
  assert.deepEqual(testOptions(["tests/plan", "--filter", "a claim", "tests/cli/cli_test.ts", "--again"]), {
    ...NOTHING,
    paths: ["tests/plan", "tests/cli/cli_test.ts"],
    filter: "a claim",
    again: true,
  });
  assert.deepEqual(testOptions(["--filter=-x", "--pure"]), { ...NOTHING, filter: "-x", pure: true });
  assert.deepEqual(testOptions(["--filter", "/^a .* b$/"]), { ...NOTHING, filter: "/^a .* b$/" });
  assert.deepEqual(testOptions(["-h"]), { ...NOTHING, help: true });
});

for (
  const [args, error] of [
    [["--fliter", "x"], 'there is no option "--fliter"'],
    [["-x"], 'there is no option "-x"'],
    [["tests", "--filter"], "--filter needs a part of a test's name"],
    [["--filter="], "--filter needs a part of a test's name"],
    [["--filter", "--again"], "--filter needs a part of a test's name"],
    [["--pure=yes"], '--pure takes no value, and has "yes"'],
  ] as const
) {
  Deno.test(`${args.join(" ")} is refused: ${error}`, () => assert.deepEqual(testOptions(args), { error }));
}
