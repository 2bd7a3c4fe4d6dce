/**
 * What a device does not do, whatever is on it and whatever git says: laws over generated devices with overrides, a policy
 * and closed windows, and planners with one thing wrong that they must tell from the real one.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fingerprint } from "../../../../src/model/fingerprint.ts";
import { newState } from "../../../../src/model/workload_state.ts";
import type { Override } from "../../../../src/model/override.ts";
import type { RuntimeName, Workload } from "../../../../src/model/workload.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { ALLOW_ALL } from "../../../../src/model/policy/allow_all.ts";
import { desired, instances, workloads } from "../arbitraries.ts";
import { carryOut, ModelDevice, type Planner } from "../model_device.ts";

const slow = Deno.permissions.querySync({ name: "env", variable: "SLOW" }).state === "granted" && Deno.env.get("SLOW");
const RUNS = slow ? 20_000 : 300;
if (!slow) fc.configureGlobal({ seed: 20261121 });

const scene = fc.record({
  specs: workloads,
  found: instances,
  overrides: fc.dictionary(
    fc.constantFrom("api", "cam", "db", "web", "zoo"),
    fc.constantFrom<Override["action"]>("suspend", "stop", "start"),
    { maxKeys: 3 },
  ),
  runtimes: fc.constantFrom<RuntimeName[]>(["native"], ["docker"], ["native", "docker"], ["native", "docker"]),
  closed: fc.boolean(),
});

const ROUNDS = 4;

/** Throws on the first thing that is done though it must not be. Returns how often each case was met. */
function check(planner: Planner, runs: number): Record<string, number> {
  const met = { suspended: 0, stopped: 0, denied: 0, closed: 0 };
  fc.assert(
    fc.property(scene, ({ specs, found, overrides, runtimes, closed }) => {
      const device = new ModelDevice(found);
      device.policy = { ...ALLOW_ALL, runtimes };
      if (closed) device.windows = [{ kind: "deny", schedule: "* * * * *", durationMs: 120_000, timezone: null }];
      for (const [name, action] of Object.entries(overrides)) {
        device.states.set(name, { ...newState(name), override: { action, since: 0, until: null } });
      }
      const waits = specs.filter((spec) => closed && overrides[spec.name] === undefined && isChange(spec, device));
      for (let round = 0; round < ROUNDS; round++) {
        const made = planner(device.input(desired(specs)));
        device.remember(made);
        for (const action of made.actions) {
          const { workload, type } = action;
          const isDesired = specs.some((spec) => spec.name === workload);
          assert.ok(!isDesired || overrides[workload] !== "suspend", `${type} of ${workload}, which is suspended`);
          assert.ok(overrides[workload] !== "stop" || type !== "start", `a start of ${workload}, which was stopped`);
          if (type === "start") assert.ok(runtimes.includes(action.spec.runtime), `a start in ${action.spec.runtime}`);
          assert.ok(!waits.some((spec) => spec.name === workload), `${type} of ${workload} outside of its window`);
          assert.ok(!closed || isDesired, `${type} of ${workload}, which git no longer holds, outside of a window`);
        }
        carryOut(device, made);
      }
      met.suspended += specs.filter((spec) => overrides[spec.name] === "suspend").length;
      met.stopped += specs.filter((spec) => overrides[spec.name] === "stop").length;
      met.denied += specs.filter((spec) => !runtimes.includes(spec.runtime)).length;
      met.closed += waits.length;
    }),
    { numRuns: runs },
  );
  return met;
}

/** Something else runs for it, and nothing of what git asks for. */
function isChange(spec: Workload, { instances }: ModelDevice): boolean {
  const own = instances.filter((instance) => instance.workload === spec.name);
  return own.length > 0 && !own.some((instance) => instance.fingerprint === fingerprint(spec));
}

Deno.test("nothing is done of what is suspended, denied, or outside of its window, whatever is on the device", () => {
  for (const [kind, count] of Object.entries(check(plan, RUNS))) assert.ok(count > 0, `nothing was ${kind}`);
});

const MUTANTS: Record<string, Planner> = {
  "forgets what the owner said": (input) => {
    const memory = new Map([...input.states].map(([name, { override: _, ...rest }]) => [name, rest]));
    return plan({ ...input, states: memory });
  },
  "never asks the policy": (input) => plan({ ...input, policy: ALLOW_ALL }),
  "waits for no window": (input) => plan({ ...input, windows: null }),
};

for (const [mistake, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`these laws catch a planner that ${mistake}`, () => assert.throws(() => check(mutant, RUNS)));
}
