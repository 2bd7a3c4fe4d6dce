import assert from "node:assert/strict";
import fc from "fast-check";
import { type Life, type LifeEvent, next } from "../../../src/runtime/native/lifecycle.ts";

const EVENTS: LifeEvent[] = ["identified", "stop", "late", "ended", "settled"];

/** States and effects of a story, from its beginning. */
function story(...events: LifeEvent[]): string[] {
  let life: Life = "created";
  return events.map((event) => {
    const step = next(life, event);
    life = step.life;
    return [life, ...step.effects].join(" ");
  });
}

Deno.test("an instance that ends by itself is cleaned up, then told", () => {
  assert.deepEqual(story("identified", "ended", "settled"), ["running", "leaving kill-tree settle", "exited tell"]);
});

Deno.test("an instance is asked to end, and killed with all that is its own when it does not", () => {
  assert.deepEqual(story("identified", "stop", "late", "ended", "settled"), [
    "running",
    "stopping signal",
    "killing kill-tree",
    "leaving kill-tree settle",
    "exited tell",
  ]);
});

Deno.test("an instance that never said who it is is killed, not asked", () => {
  assert.deepEqual(story("stop", "ended", "settled"), ["killing kill-tree", "leaving kill-tree settle", "exited tell"]);
});

Deno.test("a life is settled and told exactly once, whatever comes twice or late", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
      const effects = story(...events, "ended", "settled").flatMap((line) => line.split(" ").slice(1));
      assert.equal(effects.filter((one) => one === "settle").length, 1);
      assert.equal(effects.filter((one) => one === "tell").length, 1);
      assert.equal(effects.at(-1), "tell");
    }),
  );
});

Deno.test("a life that is over stays over", () => {
  for (const event of EVENTS) assert.deepEqual(next("exited", event), { life: "exited", effects: [] });
});
