import assert from "node:assert/strict";
import { isWorthwhile, type Look } from "../../../src/runtime/native/process/give_back.ts";

const MB = 1024 * 1024;

Deno.test("memory is given back once a burst is over, and neither during it nor for a trifle", () => {
  const cases: [string, Omit<Look, "isBusy">, boolean][] = [
    ["it still grows", { rss: 90 * MB, before: 80 * MB, kept: 60 * MB }, false],
    ["it still shrinks", { rss: 80 * MB, before: 90 * MB, kept: 60 * MB }, false],
    ["it is over", { rss: 90 * MB, before: 90 * MB, kept: 60 * MB }, true],
    ["nothing was ever given back", { rss: 60 * MB, before: 60 * MB, kept: 0 }, true],
    ["a trifle", { rss: 63 * MB, before: 63 * MB, kept: 60 * MB }, false],
    ["less than was kept", { rss: 50 * MB, before: 50 * MB, kept: 60 * MB }, false],
  ];
  for (const [name, look, worthwhile] of cases) {
    assert.equal(isWorthwhile({ ...look, isBusy: false }), worthwhile, name);
    assert.equal(isWorthwhile({ ...look, isBusy: true }), false, name);
  }
});
