import assert from "node:assert/strict";
import fc from "fast-check";
import { newState, type WorkloadState } from "../../../src/model/workload_state.ts";
import type { Dependency, Workload } from "../../../src/model/workload.ts";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { removableNow } from "../../../src/reconciler/pipeline/dependencies.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import { planStopAll } from "../../../src/reconciler/pipeline/removal/stop_all.ts";
import { native, ON_FAILURE, TIMING } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { ModelDevice } from "./model_device.ts";

const on = (name: string, condition: Dependency["condition"] = "healthy"): Dependency => ({ name, condition });
const PROBE = { ...TIMING, type: "tcp" as const, port: { type: "fixed" as const, port: 1 } };

function starts(device: ModelDevice, specs: Workload[]): string[] {
  const { actions } = plan(device.input(desired(specs)));
  const found = actions.filter((action) => action.type === "start").map((action) => action.workload);
  for (const action of actions) device.perform(action);
  return found;
}

Deno.test("a workload waits until what it depends on is started, or healthy", () => {
  const device = new ModelDevice();
  const specs = [
    native({ name: "a", dependsOn: [on("db", "started")] }),
    native({ name: "b", dependsOn: [on("db")] }),
    native({ name: "db", health: PROBE }),
  ];
  assert.deepEqual(starts(device, specs), ["db"]);
  assert.deepEqual(starts(device, specs), ["a"]);
  const [db] = device.instances.filter((instance) => instance.workload === "db");
  const waiting = plan(device.input(desired(specs))).waiting.get("b");
  assert.deepEqual(waiting, { reason: "dependency_not_ready", message: 'waits for "db" to be healthy' });
  device.probedHealth.set(db!.id, { health: "healthy", since: 0 });
  assert.deepEqual(starts(device, specs), ["b"]);
});

Deno.test("what ended with one of its success codes has completed", () => {
  const device = new ModelDevice();
  const restart = { ...ON_FAILURE, successExitCodes: [7] };
  const specs = [native({ name: "a", dependsOn: [on("setup", "completed")] }), native({ name: "setup", restart })];
  assert.deepEqual(starts(device, specs), ["setup"]);
  const [setup] = device.instances;
  Object.assign(setup!, { state: "exited", pid: null, exitCode: 7, endedAt: device.now });
  assert.deepEqual(starts(device, specs), ["a"]);
});

Deno.test("what runs already comes back after a crash, whatever became of what it depends on", () => {
  const device = new ModelDevice();
  const specs = [native({ name: "a", dependsOn: [on("db")] }), native({ name: "db" })];
  starts(device, specs);
  starts(device, specs);
  for (const instance of device.instances) {
    Object.assign(instance, { state: "exited", exitCode: 1, endedAt: device.now });
  }
  assert.deepEqual(starts(device, specs).sort(), ["a", "db"]);
});

Deno.test("a change of a workload stops nothing while it would have to wait", () => {
  const device = new ModelDevice();
  const before = [native({ name: "a" }), native({ name: "db", health: PROBE })];
  starts(device, before);
  const changed = [native({ name: "a", env: { V: "2" }, dependsOn: [on("db")] }), before[1]!];
  const { actions } = plan(device.input(desired(changed)));
  assert.deepEqual(actions, []);
});

Deno.test("a dependency that is switched off is waited for, and said", () => {
  const device = new ModelDevice();
  const specs = [native({ name: "a", dependsOn: [on("db")] }), native({ name: "db", enabled: false })];
  assert.equal(plan(device.input(desired(specs))).waiting.get("a")?.message, 'waits for "db", which is switched off');
});

Deno.test("a dependency that this device does not run is waited for, and said", () => {
  const device = new ModelDevice();
  const { waiting } = plan(device.input(desired([native({ name: "a", dependsOn: [on("db")] })])));
  assert.equal(waiting.get("a")?.message, 'waits for "db", which this device does not run');
});

const remembered = (specs: Workload[]): Map<string, WorkloadState> =>
  new Map(specs.map((workload) => [workload.name, {
    ...newState(workload.name),
    applied: { workload, fingerprint: fingerprint(workload), revision: "r" },
  }]));

Deno.test("what others depend on leaves after them", () => {
  const specs = [
    native({ name: "a", dependsOn: [on("b")] }),
    native({ name: "b", dependsOn: [on("c")] }),
    native({ name: "c" }),
  ];
  const states = remembered(specs);
  assert.deepEqual([...removableNow(["a", "b", "c"], states)], ["a"]);
  assert.deepEqual([...removableNow(["b", "c"], states)], ["b"]);
  assert.deepEqual([...removableNow(["c"], states)], ["c"]);
});

Deno.test("everything leaves in the end, however they depend on each other", () => {
  const names = ["a", "b", "c", "d"];
  const graph = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 8 });
  fc.assert(fc.property(graph, (edges) => {
    const specs = names.map((name) =>
      native({ name, dependsOn: edges.filter(([from]) => from === name).map(([, to]) => on(to)) })
    );
    const device = new ModelDevice();
    for (const spec of specs.map((nativeWorkload) => ({ ...nativeWorkload, dependsOn: [] }))) starts(device, [spec]);
    device.states.clear();
    for (const [name, memory] of remembered(specs)) device.states.set(name, memory);
    for (let turn = 0; turn < names.length; turn++) {
      const { observations } = device.input(null);
      for (const action of planStopAll(observations, { states: device.states, busy: new Set() })) {
        device.perform(action);
      }
    }
    assert.deepEqual(device.instances, []);
  }));
});

Deno.test("with the machine what runs is stopped, dependents first, and what has ended stays to be looked at", () => {
  const specs = [
    native({ name: "a", dependsOn: [on("db", "started")] }),
    native({ name: "db" }),
    native({ name: "once" }),
  ];
  const device = new ModelDevice();
  for (const spec of specs.map((nativeWorkload) => ({ ...nativeWorkload, dependsOn: [] }))) starts(device, [spec]);
  device.instances = specs.map(({ name }, index) => ({
    ...device.instances[0]!,
    id: String(index),
    workload: name,
    state: name === "once" ? "exited" : "running",
  }));
  const states = remembered(specs);
  const leaving = (busy: string[]) =>
    planStopAll(device.input(null).observations, { states, busy: new Set(busy), why: "shutdown" });
  assert.deepEqual(leaving([]).map(({ type, workload }) => `${type} ${workload}`), ["stop a", "remove a"]);
  assert.ok(leaving([]).every(({ message }) => message === "the machine goes down"));
  assert.deepEqual(leaving(["a"]), []);
  device.instances = device.instances.filter((instance) => instance.workload !== "a");
  assert.deepEqual(leaving([]).map(({ type, workload }) => `${type} ${workload}`), ["stop db", "remove db"]);
  device.instances = device.instances.filter((instance) => instance.workload !== "db");
  assert.deepEqual(leaving([]), []);
});
