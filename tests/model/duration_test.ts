import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDuration } from "../../src/schema/quantity.ts";
import { durationText } from "../../src/model/duration.ts";

Deno.test("a duration is written as a person writes it in a manifest", () => {
  const texts = [0, 500, 10_000, 90_000, 300_000, 3_600_000, 90_061_001].map(durationText);
  assert.deepEqual(texts, ["0s", "500ms", "10s", "1m30s", "5m", "1h", "1d1h1m1s1ms"]);
});

Deno.test("a duration as written is read as what it was", () => {
  fc.assert(fc.property(fc.nat(2_147_483_647), (ms) => assert.equal(parseDuration(durationText(ms)), ms)));
});
