import assert from "node:assert/strict";
import { timeoutSignal } from "../../src/async/timeout_signal.ts";
import { ManualClock } from "./manual_clock.ts";

Deno.test("a timeout signal aborts with the reason of what comes first: the time, or one of its signals", async () => {
  const clock = new ManualClock();
  using late = timeoutSignal({ ms: 10, clock, late: () => "late" });
  using plain = timeoutSignal({ ms: 10, clock });
  const caller = new AbortController();
  using given = timeoutSignal({ ms: 10, clock, signals: [undefined, caller.signal, new AbortController().signal] });
  using already = timeoutSignal({ ms: 10, clock, signals: [AbortSignal.abort("before")] });
  await clock.pass(9);
  assert.deepEqual([late.signal.aborted, given.signal.aborted, already.signal.reason], [false, false, "before"]);
  caller.abort("enough");
  await clock.pass(1);
  assert.deepEqual([late.signal.reason, late.expired], ["late", 10]);
  assert.equal(plain.signal.reason.name, "TimeoutError");
  assert.deepEqual([given.signal.reason, given.expired], ["enough", null]);
  assert.deepEqual([already.signal.reason, already.expired], ["before", null]);
});

Deno.test("a restarted limit counts from the restart, and null means none", async () => {
  const clock = new ManualClock();
  using limit = timeoutSignal({ ms: 10, clock });
  await clock.pass(9);
  limit.restart(5);
  await clock.pass(4);
  assert.equal(limit.signal.aborted, false);
  limit.restart(null);
  await clock.pass(1000);
  assert.equal(limit.signal.aborted, false);
  limit.restart(3);
  await clock.pass(3);
  assert.deepEqual([limit.signal.aborted, limit.expired], [true, 3]);
});

Deno.test("a disposed timeout signal has no timer left and listens to nothing", async () => {
  const clock = new ManualClock();
  const caller = new AbortController();
  const limit = timeoutSignal({ ms: 10, clock, signals: [caller.signal] });
  limit[Symbol.dispose]();
  assert.equal(clock.sleeping, 0);
  caller.abort();
  await clock.pass(10);
  assert.equal(limit.signal.aborted, false);
});
