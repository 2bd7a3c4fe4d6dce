/** Stage: restart leases of all instances, by what the reconcile of their workload came to. */
import assert from "node:assert/strict";
import type { Instance } from "../../../../src/model/instance.ts";
import type { ReconcileResult } from "../../../../src/reconciler/pipeline/plan_workloads.ts";
import { restartLeases } from "../../../../src/reconciler/pipeline/restart/delegated_restart.ts";
import { docker, native } from "../../../support/workload.ts";
import { instance } from "../model_device.ts";

const NOW = 1_000_000;
const WEB = native({ name: "web" });
const STEADY = instance(WEB, { id: "a", slot: 0, startedAt: NOW - 60_000 });
type Decision = ReconcileResult["steps"][number]["leases"];

function leases(decision: Decision, instances: Instance[] = [STEADY]) {
  const step = { name: "web", actions: [], waiting: null, planned: {}, wakeAt: null, leases: decision };
  const byWorkload = new Map([["web", instances]]);
  const { leases, wakeAt } = restartLeases({ steps: [step] }, { byWorkload, states: new Map(), now: NOW });
  return { leases: [...leases].map(([id, lease]) => `${id} ${lease === null ? "none" : "lease"}`), wakeAt };
}

Deno.test("leases: an instance that needs no action gets one, and one of another fingerprint does not", () => {
  assert.deepEqual(leases({ spec: WEB, isSettled: true }), { leases: ["a lease"], wakeAt: null });
  const old = { ...STEADY, id: "b", fingerprint: "old" };
  assert.deepEqual(leases({ spec: WEB, isSettled: true }, [STEADY, old]).leases, ["a lease", "b none"]);
});

Deno.test("leases: a workload with actions loses its leases, and so does a denied one", () => {
  assert.deepEqual(leases({ spec: WEB, isSettled: false }).leases, ["a none"]);
  assert.deepEqual(leases("revoke").leases, ["a none"]);
});

Deno.test("leases: a workload that was not reconciled keeps its leases", () => {
  assert.deepEqual(leases("keep"), { leases: [], wakeAt: null });
});

Deno.test("leases: an ended container loses its lease, since Docker would start it, and an ended process has none", () => {
  const box = docker({ name: "web" });
  const ended = { state: "exited" as const, pid: null, exitCode: 0, endedAt: NOW };
  const container = instance(box, { id: "c", slot: 0, ...ended });
  assert.deepEqual(leases({ spec: box, isSettled: true }, [container]).leases, ["c none"]);
  assert.deepEqual(leases({ spec: WEB, isSettled: true }, [{ ...STEADY, ...ended }]).leases, []);
});

Deno.test("leases: a container gets its lease when it has run steadily, and the plan wakes up then", () => {
  const box = docker({ name: "web" });
  const young = instance(box, { id: "c", slot: 0, startedAt: NOW - 4000 });
  assert.deepEqual(leases({ spec: box, isSettled: true }, [young]), { leases: ["c none"], wakeAt: NOW + 6000 });
});
