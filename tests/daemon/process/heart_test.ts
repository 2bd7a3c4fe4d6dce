import assert from "node:assert/strict";
import { Heart, MOST_PASS_MS, signsOfLife } from "../../../src/daemon/process/heart.ts";
import { SdNotify } from "../../../src/daemon/process/sd_notify.ts";
import { eventually } from "../../support/eventually.ts";

function stoppedClock() {
  const clock = { ms: 0, now: () => 0, monotonic: () => clock.ms, sleep: () => Promise.resolve() };
  return clock;
}

Deno.test("a heart beats while there is nothing to do, and stops when a step takes too long", () => {
  const clock = stoppedClock();
  const heart = new Heart(clock);
  clock.ms += 10 * MOST_PASS_MS;
  assert.ok(heart.beats);
  heart.works();
  clock.ms += MOST_PASS_MS - 1;
  assert.ok(heart.beats);
  clock.ms += 1;
  assert.ok(!heart.beats);
  heart.rests();
  assert.ok(heart.beats);
});

Deno.test("signs of life are given while the heart beats, and no others", async () => {
  const clock = stoppedClock();
  const heart = new Heart(clock);
  let sent = 0;
  const notify = new SdNotify({ socket: "@", watchdogMs: 9, send: () => ++sent > 0 });
  using _signs = signsOfLife(heart, notify);
  await eventually("there are several", () => sent > 2);
  heart.works();
  clock.ms += MOST_PASS_MS;
  const before = sent;
  // Another heart, which goes on, says that there was time for several.
  let others = 0;
  const other = new SdNotify({ socket: "@", watchdogMs: 9, send: () => ++others > 0 });
  using _others = signsOfLife(new Heart(clock), other);
  await eventually("the other one gives several", () => others > 5);
  assert.equal(sent, before);
  heart.rests();
  await eventually("there are more", () => sent > before);
});
