import assert from "node:assert/strict";
import { deadline, withDeadline } from "../../src/async/deadline.ts";
import { ManualClock } from "./manual_clock.ts";

Deno.test("both return the result of work that is in time, or its error, and leave no timer", async () => {
  for (const bounded of [deadline, withDeadline]) {
    const clock = new ManualClock();
    assert.equal(await bounded({ ms: 10, clock }, () => Promise.resolve(1)), 1);
    await assert.rejects(bounded({ ms: 10, clock }, () => Promise.reject(new Error("broken"))), /^Error: broken$/);
    assert.equal(clock.sleeping, 0);
  }
});

Deno.test("deadline leaves work behind that ignores its signal, and handles its later error", async () => {
  const clock = new ManualClock();
  const { promise, reject } = Promise.withResolvers<never>();
  const rejected = assert.rejects(
    deadline({ ms: 10, clock, late: () => new Error("late") }, () => promise),
    /^Error: late$/,
  );
  await clock.pass(10);
  await rejected;
  reject(new Error("nobody waits for this"));
  await clock.pass(0);

  const caller = new AbortController();
  const left = assert.rejects(deadline({ ms: 10, clock, signals: [caller.signal] }, () => promise), /^Error: enough$/);
  caller.abort(new Error("enough"));
  await left;
});

Deno.test("withDeadline aborts the signal of its work, waits for its end, and rejects with the reason", async () => {
  const clock = new ManualClock();
  const ended = Promise.withResolvers<void>();
  let isSettled = false;
  const bounded = withDeadline({ ms: 10, clock, late: () => new Error("late") }, async (over) => {
    await ended.promise;
    over.throwIfAborted();
  }).finally(() => isSettled = true);
  bounded.catch(() => {});
  await clock.pass(10);
  assert.equal(isSettled, false, "its work has not ended");
  ended.resolve();
  await assert.rejects(bounded, /^Error: late$/);
});

Deno.test("work that ends well after the abort still counts for withDeadline", async () => {
  const clock = new ManualClock();
  const ended = Promise.withResolvers<number>();
  const bounded = withDeadline({ ms: 10, clock }, () => ended.promise);
  await clock.pass(10);
  ended.resolve(1);
  assert.equal(await bounded, 1);
});
