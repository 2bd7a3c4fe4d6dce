/** What an interrupted replacement leaves: two instances of one slot, and which of them stays. */
import assert from "node:assert/strict";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import type { Instance } from "../../../src/model/instance.ts";
import { assessInstances } from "../../../src/reconciler/pipeline/assess_instance.ts";
import { reconcileWorkload } from "../../../src/reconciler/pipeline/plan_workloads.ts";
import type { ReconcileInput } from "../../../src/reconciler/pipeline/step.ts";
import { native, ON_FAILURE, TIMING } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const WEB = native({ command: ["web"], restart: ON_FAILURE });

const INPUT: ReconcileInput = {
  spec: WEB,
  instances: [],
  state: undefined,
  forced: new Set(),
  blocked: null,
  cause: null,
  quarantined: null,
  isRollout: false,
  dependencyStart: null,
  since: 0,
  clockDoubt: null,
  now: 10_000,
};

type Left = Partial<Instance> & { id: string };

/** "remove old", one line an action, with the instances in both orders: which comes first must not matter. */
function check(left: Left, other: Left): string[] {
  const both = [left, other].map((detail) => instance(WEB, { slot: 0, fingerprint: fingerprint(WEB), ...detail }));
  const told = actionsOn(both);
  assert.deepEqual(told, actionsOn(both.toReversed()));
  return told;
}

function actionsOn(instances: Instance[]): string[] {
  const { actions } = reconcileWorkload({
    ...INPUT,
    instances: assessInstances(WEB, { instances, state: undefined, probedHealth: new Map(), now: 10_000 }),
  });
  return actions.map((action) => `${action.type} ${"instance" in action ? action.instance.id : action.workload}`);
}

const running = (id: string, startedAt: number) => ({ id, startedAt, state: "running" as const });
const exited = (id: string, startedAt: number, exitCode: number) => {
  return { id, startedAt, exitCode, state: "exited" as const, endedAt: startedAt + 100, pid: null };
};

Deno.test("converge keeps the newer of two that ended: the older one is what it was started in the place of", () => {
  assert.deepEqual(check(exited("a-new", 2000, 0), exited("b-old", 1000, 7)), ["remove b-old"]);
  assert.deepEqual(check(exited("a-old", 1000, 7), exited("b-new", 2000, 0)), ["remove a-old"]);
});

Deno.test("converge keeps the older of two that run, and the one that runs of two of which one ended", () => {
  assert.deepEqual(check(running("a-new", 2000), running("b-old", 1000)), ["stop a-new", "remove a-new"]);
  assert.deepEqual(check(exited("a-old", 1000, 7), running("b-new", 2000)), ["remove a-old"]);
});

Deno.test("converge restarts no instance by health during its rollout, unless it was healthy before", () => {
  const spec = native({ command: ["web"], health: { ...TIMING, type: "command", command: ["check"] } });
  const restarted = (isRollout: boolean, hasBeenHealthy: boolean) => {
    const instances = assessInstances(spec, {
      instances: [instance(spec, { id: "a", slot: 0, startedAt: 1 })],
      state: undefined,
      probedHealth: new Map([["a", { health: "unhealthy", since: 2, hasBeenHealthy }]]),
      now: 10_000,
    });
    const { actions } = reconcileWorkload({ ...INPUT, spec, instances, isRollout });
    return actions.some((action) => action.type === "stop" && action.reason === "unhealthy");
  };
  assert.equal(restarted(true, false), false);
  assert.equal(restarted(true, true), true);
  assert.equal(restarted(false, false), true);
});
