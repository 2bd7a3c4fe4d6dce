import assert from "node:assert/strict";
import fc from "fast-check";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import { teardown } from "../../../src/reconciler/pipeline/instance_actions.ts";
import { LAWS } from "./laws.ts";
import type { Planner } from "./model_device.ts";

/** Pure suites run without permissions: SLOW is looked at only where it may be. */
const slow = Deno.permissions.querySync({ name: "env", variable: "SLOW" }).state === "granted" && Deno.env.get("SLOW");
const RUNS = slow ? 20_000 : 300;
// A run that fails by chance says nothing of the change before it: chance is for SLOW.
if (!slow) fc.configureGlobal({ seed: 20261121 });

for (const law of LAWS) Deno.test(`plan ${law.claim}`, () => law.check(plan, RUNS));

/** Planners with one thing wrong. The laws must tell each from the real one. */
const MUTANTS: Record<string, Planner> = {
  "forgets to stop the old instance": (input) => {
    const made = plan(input);
    return { ...made, actions: made.actions.filter((action) => action.type !== "stop") };
  },
  "starts the first slot only": (input) => {
    const made = plan(input);
    return { ...made, actions: made.actions.filter((action) => action.type !== "start" || action.slot === 0) };
  },
  "keeps surplus instances": (input) => {
    const made = plan(input);
    return { ...made, actions: made.actions.filter((action) => action.reason !== "replica_surplus") };
  },
  "ignores suspend": (input) => {
    const workloads = input.desired?.workloads.map((spec) => ({ ...spec, suspend: false })) ?? [];
    return plan({ ...input, desired: input.desired === null ? null : { ...input.desired, workloads } });
  },
  "takes a failed observation for an empty one": (input) =>
    plan({
      ...input,
      observations: input.observations.map(({ runtime }, index) => {
        const seen = input.observations[index]!;
        return seen.ok ? seen : { runtime, ok: true, instances: [] };
      }),
    }),
  "prunes without asking": (input) => plan({ ...input, pruneConfirmed: input.desired?.revision ?? null }),
  "starts what runs again": (input) => {
    const made = plan({
      ...input,
      forcedRestarts: new Set(input.observations.flatMap((o) => o.ok ? o.instances : []).map((i) => i.id)),
    });
    return made;
  },
  "depends on the order of the list": (input) => {
    const made = plan(input);
    const first = input.observations.flatMap((o) => o.ok ? o.instances : [])[0];
    return first?.workload === "web" ? { ...made, actions: [...made.actions].reverse() } : made;
  },
  "starts before it stops": (input) => {
    const made = plan(input);
    const rank = { start: 0, prepare: 1, publish: 2, stop: 3, remove: 4, reload: 5 };
    return { ...made, actions: [...made.actions].sort((a, b) => rank[a.type] - rank[b.type]) };
  },
  "never restarts what ended": (input) => {
    const made = plan(input);
    return { ...made, actions: made.actions.filter((action) => action.reason !== "exited") };
  },
  "forgets an override": (input) => {
    const memory = new Map([...input.states].map(([name, { override: _, ...rest }]) => [name, rest]));
    return plan({ ...input, states: memory });
  },
  "leaves what is suspended dead": (input) => {
    const made = plan(input);
    const frozen = new Set(
      made.workloads.filter((workload) => workload.frozen !== undefined).map((workload) => workload.name),
    );
    return { ...made, actions: made.actions.filter((action) => !frozen.has(action.workload)) };
  },
  "stops what a rollout left of a suspended workload": (input) => {
    const made = plan(input);
    const frozen = made.workloads.find((workload) => workload.frozen === "applied");
    const alive = input.observations.flatMap((observation) => observation.ok ? observation.instances : []).find((
      instance,
    ) =>
      instance.workload === frozen?.name && instance.state === "running" &&
      instance.fingerprint !== fingerprint(frozen.spec!)
    );
    const because = { reason: "spec_changed" as const, message: "is another one" };
    return alive === undefined ? made : { ...made, actions: [...teardown(alive, undefined, because), ...made.actions] };
  },
  "touches what is busy": (input) => plan({ ...input, busy: new Set() }),
  "leaves the reason out": (input) => {
    const made = plan(input);
    return { ...made, actions: made.actions.map((action) => ({ ...action, message: "" })) };
  },
};

for (const [mistake, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`plan laws catch a planner that ${mistake}`, () => {
    const before = fc.readConfigureGlobal();
    // That it is caught is enough: the smallest case is not looked for.
    fc.configureGlobal({ ...before, endOnFailure: true });
    const caught = LAWS.filter((law) => {
      try {
        law.check(mutant, RUNS);
        return false;
      } catch {
        return true;
      }
    });
    fc.configureGlobal(before);
    assert.ok(caught.length > 0, "every law holds for it");
  });
}
