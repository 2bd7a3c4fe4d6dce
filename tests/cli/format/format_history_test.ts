import assert from "node:assert/strict";
import { formatHistory } from "../../../src/cli/format/format_history.ts";
import { formatWorkload } from "../../../src/cli/format/format_workload.ts";
import { rolledBackWorkload, workload } from "../../support/snapshots.ts";

Deno.test("a history shows each rollout, newest first, what is kept, and the last words of what failed", () => {
  const text = formatHistory(rolledBackWorkload(), Date.now());
  const lines = text.replace(/\d{4}-\S+Z/, "AT").split("\n");
  assert.deepEqual(lines, [
    "ENDED      FINGERPRINT   REVISION  OUTCOME",
    "5 min ago  7c1e0aa911c0  c0ffee0   rolled-back",
    "    was not healthy within 2m: door[0] is not known to be healthy",
    "2 h ago    9b1f0c22aa01  4f2c91a   healthy      runs",
    "    env.LEVEL changed",
    "",
    "7c1e0aa911c0 is refused: was not healthy within 2m: door[0] is not known to be",
    "  healthy",
    "",
    "last health checks of 7c1e0aa911c0",
    "  AT failed: HTTP 503",
    "",
    "last lines of 7c1e0aa911c0",
    "  opening the door",
    "  cannot reach the bell: connection refused",
  ]);
});

Deno.test("a history without a rollout says so", () => {
  assert.equal(formatHistory(workload("web"), Date.now()), "web: no rollout has come to its end yet");
});

Deno.test("a workload in full tells of its last rollout", () => {
  assert.match(
    formatWorkload(rolledBackWorkload(), Date.now()),
    /rollouts\n {2}5 min ago rolled-back, 7c1e0aa: was not healthy/,
  );
});
