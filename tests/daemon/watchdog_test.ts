import assert from "node:assert/strict";
import { MAX_RECONCILE_MS, startWatchdog, Watchdog } from "../../src/daemon/watchdog.ts";
import { SdNotify } from "../../src/daemon/sd_notify.ts";
import { eventually } from "../support/eventually.ts";

function stoppedClock() {
  const clock = { ms: 0, now: () => 0, monotonic: () => clock.ms, sleep: () => Promise.resolve() };
  return clock;
}

Deno.test("a heart beats while there is nothing to do, and stops when a step takes too long", () => {
  const clock = stoppedClock();
  const watchdog = new Watchdog(clock);
  clock.ms += 10 * MAX_RECONCILE_MS;
  assert.ok(watchdog.isHealthy);
  watchdog.begin();
  clock.ms += MAX_RECONCILE_MS - 1;
  assert.ok(watchdog.isHealthy);
  clock.ms += 1;
  assert.ok(!watchdog.isHealthy);
  watchdog.end();
  assert.ok(watchdog.isHealthy);
});

Deno.test("signs of life are given while the heart beats, and no others", async () => {
  const clock = stoppedClock();
  const watchdog = new Watchdog(clock);
  let sent = 0;
  const notify = new SdNotify({ socket: "@", watchdogMs: 9, send: () => ++sent > 0 });
  using _signs = startWatchdog(watchdog, notify);
  await eventually("there are several", () => sent > 2);
  watchdog.begin();
  clock.ms += MAX_RECONCILE_MS;
  const before = sent;
  // Another heart, which goes on, says that there was time for several.
  let others = 0;
  const other = new SdNotify({ socket: "@", watchdogMs: 9, send: () => ++others > 0 });
  using _others = startWatchdog(new Watchdog(clock), other);
  await eventually("the other one gives several", () => others > 5);
  assert.equal(sent, before);
  watchdog.end();
  await eventually("there are more", () => sent > before);
});
