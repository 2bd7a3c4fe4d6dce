/** A workload on its way from one runtime to the other: what is done, in which order, and when it has to wait. */
import assert from "node:assert/strict";
import type { Desired } from "../../../src/model/desired.ts";
import { newState } from "../../../src/model/workload_state.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { actionTitle } from "../../../src/reconciler/pipeline/action.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import { docker, native } from "../../support/workload.ts";
import { instance, ModelDevice } from "./model_device.ts";

function desired(specs: Workload[], others: Workload[] = []): Desired {
  const choices = new Map([["web", { specs, preferred: null }]]);
  return { revision: "r", workloads: [specs[0]!, ...others], choices, invalid: [], notSelected: [] };
}

function moving(spec: Workload, more: Partial<Workload> = {}): { device: ModelDevice; wanted: Workload } {
  const device = new ModelDevice([instance(spec, { id: "a", slot: 0 }), instance(spec, { id: "b", slot: 1 })]);
  return { device, wanted: docker({ kind: "service", replicas: 2, ...more } as Partial<ReturnType<typeof docker>>) };
}

const titles = (device: ModelDevice, wanted: Desired) =>
  plan(device.input(wanted)).actions.map((action) =>
    `${actionTitle(action)} ${"spec" in action ? action.spec.runtime : action.runtime}`
  );

Deno.test("a move prepares the new runtime, then stops every old instance, then starts the new ones", () => {
  const { device, wanted } = moving(native({ replicas: 2 }));
  assert.deepEqual(titles(device, desired([wanted])), [
    "prepare web docker",
    "stop web[0] native",
    "remove web[0] native",
    "stop web[1] native",
    "remove web[1] native",
    "start web[0] docker",
    "start web[1] docker",
  ]);
  const reasons = plan(device.input(desired([wanted]))).actions.filter((action) => action.type !== "start");
  assert.deepEqual([...new Set(reasons.slice(1).map((reason) => `${reason.reason}: ${reason.message}`))], [
    "runtime_changed: moves from native to docker",
  ]);
});

Deno.test("a move that could not be prepared leaves the old instances as they are until it is tried again", () => {
  const { device, wanted } = moving(native({ replicas: 2 }));
  const { fingerprint } = plan(device.input(desired([wanted]))).actions.flatMap((action) =>
    action.type === "start" ? action : []
  )[0]!;
  const failure = {
    failures: 1,
    isFinal: false,
    reason: "image_pull_failed" as const,
    message: "no such image",
    hint: null,
  };
  device.retries.set("web", { ...failure, fingerprint, retryAt: device.now + 1000 });
  assert.deepEqual(titles(device, desired([wanted])), []);
  device.now += 1000;
  assert.equal(titles(device, desired([wanted]))[0], "prepare web docker");
});

Deno.test("a move whose new instance has to wait for another workload stops nothing before", () => {
  const db = native({ name: "db" });
  const { device, wanted } = moving(native({ replicas: 2 }), { dependsOn: [{ name: "db", condition: "started" }] });
  const all = desired([wanted], [db]);
  assert.deepEqual(titles(device, all), ["prepare db native", "start db[0] native"]);
  assert.equal(plan(device.input(all)).waiting.get("web")?.reason, "dependency_not_ready");
  device.instances.push(instance(db, { id: "db", slot: 0 }));
  assert.deepEqual(titles(device, all).slice(0, 2), ["prepare web docker", "stop web[0] native"]);
});

Deno.test("an impossible word of the owner leaves everything as it is, and says so", () => {
  const web = native({});
  const device = new ModelDevice([instance(native({ command: ["older"] }), { id: "a", slot: 0 })]);
  device.owner = { modes: { web: "docker" }, defaultMode: null };
  const made = plan(device.input(desired([web])));
  assert.deepEqual(made.actions, []);
  assert.equal(made.waiting.get("web")?.reason, "mode_unavailable");
});

Deno.test("a job that moves is not run for it: its schedule says when", () => {
  const job = { schedule: "0 3 * * *", timezone: null, overlap: "skip", missed: "once", timeoutMs: null } as const;
  const before = native({ job });
  const over = { state: "exited" as const, pid: null, startedAt: 1, endedAt: 2, exitCode: 0 };
  const device = new ModelDevice([instance(before, { id: "a", slot: 0, ...over })]);
  device.states.set("web", { ...newState("web"), job: { seenUntil: device.now, runs: [] } });
  const all = desired([docker({ kind: "service", job })]);
  assert.deepEqual(titles(device, all), ["remove web[0] native"]);
  for (const action of plan(device.input(all)).actions) device.perform(action);
  assert.deepEqual(titles(device, all), []);
  assert.notEqual(plan(device.input(all)).wakeAt, null);
});
