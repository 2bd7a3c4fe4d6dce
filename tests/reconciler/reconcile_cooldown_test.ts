import assert from "node:assert/strict";
import { cooldownAfter } from "../../src/reconciler/reconcile_cooldown.ts";

Deno.test("passes get at most a tenth of the time, and a change never waits longer than anybody would notice", () => {
  for (const tookMs of [0, 0.2, 1, 5]) {
    assert.ok(tookMs <= (tookMs + cooldownAfter(tookMs)) / 10 + 1e-9, `${tookMs} ms`);
  }
  for (const tookMs of [10, 100, 10_000]) assert.equal(cooldownAfter(tookMs), 50);
});
