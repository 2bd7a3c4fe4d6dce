import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type LifecycleEvent,
  type LifecycleState,
  transition,
} from "../../../src/runtime/native/instance_lifecycle.ts";

/** As a record, so that an event that is added and left out here is a type error. */
const EACH: Record<LifecycleEvent, true> = {
  identified: true,
  respawned: true,
  stop: true,
  late: true,
  ended: true,
  emptied: true,
  settled: true,
};
const EVENTS = Object.keys(EACH) as LifecycleEvent[];

/** States and effects of a story, from its beginning. */
function story(...events: LifecycleEvent[]): string[] {
  let life: LifecycleState = "created";
  return events.map((event) => {
    const step = transition(life, event);
    life = step.life;
    return [life, ...step.effects].join(" ");
  });
}

Deno.test("an instance that ends by itself and leaves nothing is settled, then told", () => {
  assert.deepEqual(story("identified", "ended", "emptied", "settled"), [
    "running",
    "draining drain",
    "leaving settle",
    "exited tell",
  ]);
});

Deno.test("what an instance leaves behind has the time of a stop, then it is killed", () => {
  assert.deepEqual(story("identified", "ended", "late", "settled"), [
    "running",
    "draining drain",
    "leaving kill-tree settle",
    "exited tell",
  ]);
});

Deno.test("a stop goes on after the end of the main process, until nothing is left", () => {
  assert.deepEqual(story("identified", "stop", "ended", "stop", "emptied", "settled"), [
    "running",
    "stopping signal",
    "draining drain",
    "draining signal",
    "leaving settle",
    "exited tell",
  ]);
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

Deno.test("a program that the shim restarts during a stop gets the stop signal too, and is killed after its time", () => {
  assert.deepEqual(story("identified", "respawned", "stop", "respawned", "late", "respawned", "ended", "respawned"), [
    "running",
    "running",
    "stopping signal",
    "stopping signal",
    "killing kill-tree",
    "killing kill-tree",
    "leaving kill-tree settle",
    "leaving",
  ]);
});

Deno.test("an instance that never said who it is is killed, not asked", () => {
  assert.deepEqual(story("stop", "ended", "settled"), ["killing kill-tree", "leaving kill-tree settle", "exited tell"]);
});

Deno.test("a life is settled and told exactly once, whatever comes twice or late", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
      const effects = story(...events, "ended", "late", "settled").flatMap((line) => line.split(" ").slice(1));
      assert.equal(effects.filter((effect) => effect === "settle").length, 1);
      assert.equal(effects.filter((effect) => effect === "tell").length, 1);
      assert.equal(effects.at(-1), "tell");
    }),
  );
});

Deno.test("nothing is killed before its time is over, unless it never said who it is", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
      const lines = story("identified", ...events);
      const killed = lines.findIndex((line) => line.includes("kill-tree"));
      if (killed >= 0) assert.ok(events.slice(0, killed).includes("late"), lines.join(", "));
    }),
  );
});

Deno.test("a life that is over stays over", () => {
  for (const event of EVENTS) assert.deepEqual(transition("exited", event), { life: "exited", effects: [] });
});
