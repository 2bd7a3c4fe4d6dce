import assert from "node:assert/strict";
import { assertPrinted } from "./printed.ts";

const PRINTED = `  a device in /tmp/harbornode-demo-8a5ba036
  clock        healthy  pid 24457
  hello-web    healthy  b78bd0b50429

  nothing is left
`;

Deno.test("what is printed may have other numbers, ids and gaps than what is shown", () => {
  assertPrinted("  a device in /tmp/demo\n  clock  healthy  pid 1\n  hello-web  healthy  acdcf35f96d4\n", PRINTED);
  assertPrinted("  clock  healthy  pid 1\n...\n  nothing is left\n", PRINTED);
});

Deno.test("what is printed has the words that are shown, all of them, in their order", () => {
  for (
    const shown of [
      "  clock  unhealthy  pid 1\n",
      "  clock  healthy\n",
      "  nothing is left\n...\n  clock  healthy  pid 1\n",
      "  clock  healthy  pid 1\n  nothing is left\n",
    ]
  ) assert.throws(() => assertPrinted(shown, PRINTED), /is not printed where the page shows it/, shown);
});
