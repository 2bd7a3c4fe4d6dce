import assert from "node:assert/strict";
import { instanceHealth } from "../../../src/reconciler/pipeline/instance_health.ts";
import { docker, native, TIMING } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const NOW = 1_000_000;
const PROBE = { ...TIMING, type: "tcp" as const, port: { type: "fixed" as const, port: 1 } };
const plain = native({ minHealthyMs: 1000 });
const probed = native({ health: PROBE, minHealthyMs: 5000 });

Deno.test("a workload without a probe is healthy once it has run long enough", () => {
  const young = instance(plain, { id: "i", slot: 0, startedAt: NOW - 400 });
  const verdicts = new Map();
  assert.deepEqual(instanceHealth({ spec: plain, instance: young, probedHealth: verdicts, now: NOW }), {
    health: "unknown",
    wakeAt: NOW + 600,
  });
  assert.deepEqual(instanceHealth({ spec: plain, instance: young, probedHealth: verdicts, now: NOW + 600 }), {
    health: "healthy",
    wakeAt: null,
  });
});

Deno.test("a probe's success counts only after it has held long enough; its failure at once", () => {
  const one = instance(probed, { id: "i", slot: 0, startedAt: 1 });
  const health = (verdict: "healthy" | "unhealthy" | "unknown", since: number) =>
    instanceHealth({
      spec: probed,
      instance: one,
      probedHealth: new Map([["i", { health: verdict, since }]]),
      now: NOW,
    })
      .health;
  assert.equal(health("healthy", NOW - 4000), "unknown");
  assert.equal(health("healthy", NOW - 5000), "healthy");
  assert.equal(health("unhealthy", NOW), "unhealthy");
  assert.equal(instanceHealth({ spec: probed, instance: one, probedHealth: new Map(), now: NOW }).health, "unknown");
});

Deno.test("a clock that jumped back does not make a healthy instance unknown", () => {
  const one = instance(plain, { id: "i", slot: 0, startedAt: NOW });
  assert.equal(instanceHealth({ spec: plain, instance: one, probedHealth: new Map(), now: 5 }).health, "healthy");
});

Deno.test("an image's own check speaks where the manifest has none", () => {
  const spec = docker({});
  const as = (runtimeHealth: "starting" | "healthy" | "unhealthy") =>
    instanceHealth({
      spec,
      instance: instance(spec, { id: "i", slot: 0, startedAt: 1, runtimeHealth }),
      probedHealth: new Map(),
      now: NOW,
    }).health;
  assert.deepEqual([as("starting"), as("healthy"), as("unhealthy")], ["unknown", "healthy", "unhealthy"]);
});
