import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { Trigger } from "../../src/async/trigger.ts";

Deno.test("wake makes one turn of many causes", async () => {
  const { wake, signal } = make();
  for (let cause = 0; cause < 100; cause++) wake.fire();
  await wake.wait(null, signal);
  assert.equal(await turnsWithin(wake, 10), 0);
});

Deno.test("wake loses no cause that comes during a turn", async () => {
  const { wake, signal } = make();
  wake.fire();
  await wake.wait(null, signal);
  wake.fire();
  await wake.wait(null, signal);
});

Deno.test("wake turns by itself when the delay has passed, and at once when asked before", async () => {
  const { wake, signal } = make();
  await wake.wait(1, signal);
  const waiting = wake.wait(3_600_000, signal);
  wake.fire();
  await waiting;
});

Deno.test("wake stops waiting when it is told to", async () => {
  const { wake, stop, signal } = make();
  const waiting = wake.wait(null, signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(wake.wait(0, signal), /stopped/);
});

function make() {
  const stop = new AbortController();
  return { wake: new Trigger(systemClock), stop, signal: stop.signal };
}

/** Turns that come without being asked for in `ms`. */
async function turnsWithin(trigger: Trigger, ms: number): Promise<number> {
  const end = AbortSignal.timeout(ms);
  let turns = 0;
  while (true) {
    try {
      await trigger.wait(null, end);
      turns++;
    } catch {
      return turns;
    }
  }
}
