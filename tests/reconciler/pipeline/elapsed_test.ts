/** Nothing that ends is ended early, or kept from ending, by a clock that is set. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { newState } from "../../../src/model/workload_state.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { actionTitle } from "../../../src/reconciler/pipeline/action.ts";
import { delayUntil, monotonicStart } from "../../../src/reconciler/pipeline/elapsed.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import type { PlanInput } from "../../../src/reconciler/pipeline/plan_input.ts";
import { assessInstances } from "../../../src/reconciler/pipeline/assess_instance.ts";
import { restartLease } from "../../../src/reconciler/pipeline/restart/delegated_restart.ts";
import { restartAfter } from "../../../src/reconciler/pipeline/restart/restart_decision.ts";
import { gracePeriods } from "../../../src/reconciler/pipeline/removal/grace_period.ts";
import { afterDigestCheck, withPinnedDigest } from "../../../src/reconciler/pipeline/pin_image.ts";
import { rolloutProgress } from "../../../src/reconciler/pipeline/rollout/rollout_progress.ts";
import { ALWAYS, docker, native } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { instance, ModelDevice } from "./model_device.ts";

const BOOT = 60_000;
const NOW = Date.UTC(2026, 10, 21);
const AHEAD = Date.UTC(2099, 0);

const WEB = native({ name: "web", command: ["web"] });
const APPLIED = { workload: WEB, fingerprint: fingerprint(WEB), revision: "b".repeat(40) };

function titles(device: ModelDevice, workload: Workload, rest: Partial<PlanInput> = {}): string[] {
  return plan({ ...device.input(desired([workload])), ...rest }).actions.map(actionTitle);
}

Deno.test("a duration lasts as long as it should across a jump of the clock, counted from the jump at the latest", () => {
  const times = fc.integer({ min: 0, max: AHEAD });
  fc.assert(fc.property(times, times, times, fc.integer({ min: 1, max: 1e9 }), (at, before, after, durationMs) => {
    // The clock said `before` when it was set to `after`; what began at `at` by the clock before it.
    const began = Math.min(at, before);
    const reading = (elapsed: number) => ({ now: after + elapsed, clockSetAt: after });
    const isOver = (elapsed: number) => monotonicStart(began, reading(elapsed)) + durationMs <= after + elapsed;
    assert.ok(began >= after || !isOver(durationMs - 1), "it is not over before it lasted");
    // Set back by less than it lasts, its beginning may be one after the jump as well.
    assert.ok(isOver(durationMs + (began <= after + durationMs ? Math.max(0, began - after) : 0)), "it is over");
  }));
  fc.assert(fc.property(times, times, fc.integer({ min: 0, max: 1e9 }), (from, now, delayMs) => {
    const until = delayUntil(from + delayMs, { from, now });
    assert.ok(until === null || until - now <= delayMs, "no wait is longer than its delay");
  }));
});

Deno.test("a crashed service is restarted though the clock was set back since, and not kept by a limit of the future", () => {
  const slot = { fingerprint: fingerprint(WEB), restarts: 9, streak: 9, lastExitCode: 1, recent: [] };
  const device = new ModelDevice([
    instance(WEB, { id: "a", slot: 0, state: "exited", pid: null, exitCode: 1, startedAt: NOW - 1, endedAt: NOW }),
  ]);
  device.states.set("web", { ...newState("web"), applied: APPLIED, slots: { 0: slot } });
  device.now = NOW + 1;
  assert.deepEqual(titles(device, WEB), [], "it waits for its delay");
  device.now = BOOT;
  assert.deepEqual(titles(device, WEB), ["prepare web", "start web[0]"]);
  const limited = { ...ALWAYS, maxRestarts: 2, windowMs: 60_000 };
  const exited = instance(WEB, { id: "a", slot: 0, state: "exited", startedAt: NOW - 1, endedAt: NOW });
  const after = (recent: number[]) => restartAfter(limited, exited, { ...slot, recent }).type;
  assert.deepEqual([after([NOW - 3, NOW - 2]), after([AHEAD, AHEAD + 1])], ["failed", "again"]);
});

Deno.test("an action that failed is tried again though the clock was set back since", () => {
  const device = new ModelDevice();
  device.now = NOW;
  const failed = { failures: 1, isFinal: false, reason: "internal_error" as const, message: "x", hint: null };
  device.retries.set("web", { ...failed, fingerprint: fingerprint(WEB), failedAt: NOW, retryAt: NOW + 1000 });
  assert.deepEqual(titles(device, WEB), []);
  device.now = BOOT;
  assert.deepEqual(titles(device, WEB), ["prepare web", "start web[0]"]);
});

Deno.test("what ran for a moment when the clock was set ahead is neither steady nor granted restarts", () => {
  const spec = native({ name: "web", command: ["web"] });
  const stands = (now: number, clockSetAt: number, startedAt = BOOT) => {
    const one = instance(spec, { id: "a", slot: 0, startedAt });
    const instances = assessInstances(spec, { instances: [one], state: undefined, probedHealth: new Map(), now });
    const rest = { retry: undefined, now, clockSetAt };
    return rolloutProgress({ spec, fingerprint: fingerprint(spec), instances, ...rest }).type;
  };
  const steady = spec.restart.resetAfterMs;
  assert.deepEqual([stands(NOW, NOW), stands(NOW + steady, NOW)], ["waiting", "complete"]);
  // Set back: it does not wait for years.
  assert.deepEqual([stands(BOOT, BOOT, NOW), stands(BOOT + steady, BOOT, NOW)], ["waiting", "complete"]);
  const box = docker({});
  const granted = (now: number, clockSetAt: number) =>
    restartLease(box, instance(box, { id: "a", slot: 0, startedAt: BOOT }), { slotState: undefined, now, clockSetAt })
      .lease;
  assert.equal(granted(NOW, NOW), null);
  assert.notEqual(granted(NOW + steady, NOW), null);
});

Deno.test("a run of a job is not stopped as too long by a clock that was set ahead", () => {
  const job = {
    schedule: null,
    timezone: null,
    timeoutMs: 3600_000,
    overlap: "skip" as const,
    missed: "skip" as const,
  };
  const spec = native({ name: "web", command: ["web"], job });
  const device = new ModelDevice([instance(spec, { id: "a", slot: 0, startedAt: BOOT })]);
  device.now = NOW;
  assert.deepEqual(titles(device, spec, { clockSetAt: NOW }), []);
  device.now = NOW + 3600_000;
  assert.deepEqual(titles(device, spec, { clockSetAt: NOW }), ["stop web[0]"]);
});

Deno.test("a schedule that a clock years ahead has looked at goes on when the clock is right", () => {
  const job = {
    schedule: "0 * * * *",
    timezone: null,
    timeoutMs: null,
    overlap: "skip" as const,
    missed: "skip" as const,
  };
  const spec = native({ name: "web", command: ["web"], job });
  const device = new ModelDevice();
  device.states.set("web", { ...newState("web"), job: { seenUntil: AHEAD, runs: [] } });
  device.now = NOW + 1;
  device.remember(plan(device.input(desired([spec]))));
  device.now = NOW + 3600_000;
  assert.deepEqual(titles(device, spec), ["prepare web", "start web[0]"]);
  // Set back by an hour, no run takes place twice.
  device.states.set("web", { ...newState("web"), job: { seenUntil: NOW + 7200_000, runs: [] } });
  assert.deepEqual(titles(device, spec), []);
});

Deno.test("prune_grace neither ends nor begins by a wrong clock, and begins anew after one that was ahead", () => {
  const known = (goneSince: number | null) => new Map([["web", { ...newState("web"), goneSince }]]);
  const of = (goneSince: number | null, rest: { now: number; clockDoubt?: string; clockSetAt?: number }) => {
    const grace = gracePeriods({ gone: ["web"], states: known(goneSince), graceMs: 600_000, ...rest });
    return [grace.until.has("web"), grace.goneSince.get("web") ?? null];
  };
  assert.deepEqual(of(NOW, { now: BOOT, clockDoubt: "1970" }), [true, null]);
  assert.deepEqual(of(null, { now: BOOT, clockDoubt: "1970" }), [true, null]);
  assert.deepEqual(of(BOOT, { now: NOW, clockSetAt: NOW }), [true, null]);
  assert.deepEqual(of(NOW, { now: NOW + 600_000, clockSetAt: 0 }), [false, null]);
  assert.deepEqual(of(AHEAD, { now: NOW }), [true, NOW]);
});

Deno.test("an image that was taken stays taken though the clock was set back, and one seen in the future is seen again", () => {
  const spec = docker({ name: "box", image: "nginx:1", imageUpdates: { intervalMs: 1000, cooldownMs: 600_000 } });
  const image = { reference: "nginx:1", base: "sha256:a", digest: null, seen: { digest: "sha256:b", at: NOW } };
  const taken = { ...spec, image: "nginx:1@sha256:b" };
  const applied = { workload: taken, fingerprint: fingerprint(taken), revision: "b" };
  const at = (now: number, isTaken: boolean) => {
    const memory = { ...newState("box"), image, ...(isTaken ? { applied } : {}) };
    return (withPinnedDigest(spec, { state: memory, now }).spec as typeof spec).image;
  };
  assert.deepEqual([at(NOW, false), at(NOW + 600_000, false)], ["nginx:1", "nginx:1@sha256:b"]);
  assert.equal(at(BOOT, true), "nginx:1@sha256:b");
  const seen = afterDigestCheck(spec, {
    state: { ...newState("box"), image: { ...image, seen: { digest: "sha256:b", at: AHEAD } } },
    digest: "sha256:b",
    running: null,
    now: NOW,
  });
  assert.deepEqual(seen?.seen, { digest: "sha256:b", at: NOW });
});

Deno.test("a service is not restarted again and again for a dependency that was started before the clock was set back", () => {
  const db = native({ name: "db", command: ["db"] });
  const dependsOn = [{ name: "db", condition: "started" as const, restart: true as const }];
  const web = native({ name: "web", command: ["web"], dependsOn });
  const device = new ModelDevice([
    instance(db, { id: "d", slot: 0, startedAt: NOW }),
    instance(web, { id: "w", slot: 0, startedAt: BOOT }),
  ]);
  device.now = BOOT + 1;
  assert.deepEqual(plan(device.input(desired([db, web]))).actions.map(actionTitle), []);
});
