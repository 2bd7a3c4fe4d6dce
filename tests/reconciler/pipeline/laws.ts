/**
 * The planner's laws, as functions of a planner, so that the suite can show that it catches planted mutants. Each throws
 * on the first counterexample. Few runs by default, many with SLOW=1.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { REASONS } from "../../../src/model/reason.ts";
import { newState } from "../../../src/model/workload_state.ts";
import { desired, instances, workload, workloads } from "./arbitraries.ts";
import { look, ModelDevice, type Planner, settle } from "./model_device.ts";

export interface Law {
  claim: string;
  check(planner: Planner, runs: number): void;
}

const state = fc.tuple(workloads, instances);

/** A device on which removals were confirmed, so that what is pending does not stand between it and the end. */
function device(found: Parameters<typeof look>[0]["instances"]): ModelDevice {
  const made = new ModelDevice(found);
  made.pruneConfirmed = "a".repeat(40);
  return made;
}

export const LAWS: Law[] = [
  {
    claim: "converges: performing a plan again and again ends with nothing to do",
    check(planner, runs) {
      fc.assert(fc.property(state, ([specs, found]) => void settle(device(found), desired(specs), planner)), {
        numRuns: runs,
      });
    },
  },
  {
    claim:
      "reaches what is desired: every enabled slot has its one instance of the right fingerprint, and nothing else",
    check(planner, runs) {
      let slots = 0;
      fc.assert(
        fc.property(state, ([specs, found]) => {
          const made = device(found);
          settle(made, desired(specs), planner);
          const free = specs.filter((spec) => !spec.suspend && !hasFailed(spec, made));
          const kept = made.instances.filter((instance) =>
            !specs.some((spec) => spec.name === instance.workload) ||
            free.some((spec) => spec.name === instance.workload)
          );
          const wanted = free.flatMap((spec) =>
            Array.from(
              { length: spec.enabled ? spec.replicas : 0 },
              (_, slot) => `${spec.name}[${slot}] ${fingerprint(spec)}`,
            )
          );
          slots += wanted.length;
          const there = kept.map((instance) => `${instance.workload}[${instance.slot}] ${instance.fingerprint}`);
          assert.deepEqual(there.sort(), wanted.sort());
          for (const spec of free.filter((nativeWorkload) => nativeWorkload.restart.when === "always")) {
            for (const instance of kept) if (instance.workload === spec.name) assert.equal(instance.state, "running");
          }
        }),
        { numRuns: runs },
      );
      assert.ok(slots > runs / 2, `only ${slots} slots were generated`);
    },
  },
  {
    claim: "survives interruption anywhere: after any prefix of a plan the same end is reached",
    check(planner, runs) {
      let cuts = 0;
      fc.assert(
        fc.property(state, fc.nat({ max: 30 }), ([specs, found], cut) => {
          const whole = device(found);
          settle(whole, desired(specs), planner);
          const broken = device(found);
          const actions = planner(broken.input(desired(specs))).actions;
          if (actions.length > 1) cuts++;
          for (const action of actions.slice(0, cut % (actions.length + 1))) broken.perform(action);
          settle(broken, desired(specs), planner);
          assert.deepEqual(running(broken, specs), running(whole, specs));
        }),
        { numRuns: runs },
      );
      assert.ok(cuts > runs / 4, `only ${cuts} plans were long enough to be cut`);
    },
  },
  {
    claim: "is quiet: what is already right is in no plan",
    check(planner, runs) {
      fc.assert(
        fc.property(workloads, (specs) => {
          const made = device([]);
          settle(made, desired(specs), planner);
          made.now += 3_600_000;
          assert.deepEqual(planner(made.input(desired(specs))).actions, []);
        }),
        { numRuns: runs },
      );
    },
  },
  {
    claim: "never touches what was not observed as ours, and never an id twice in the wrong order",
    check(planner, runs) {
      fc.assert(
        fc.property(state, ([specs, found]) => {
          const known = new Set(found.map((instance) => instance.id));
          for (const action of planner(device(found).input(desired(specs))).actions) {
            if (action.type === "stop" || action.type === "remove") assert.ok(known.has(action.instance.id));
          }
        }),
        { numRuns: runs },
      );
    },
  },
  {
    claim: "is deterministic: the order in which things are listed does not matter",
    check(planner, runs) {
      fc.assert(
        fc.property(state, ([specs, found]) => {
          const one = planner(device(found).input(desired(specs)));
          const other = planner(device([...found].reverse()).input(desired([...specs].reverse())));
          assert.deepEqual(one.actions, other.actions);
          assert.equal(one.wakeAt, other.wakeAt);
        }),
        { numRuns: runs },
      );
    },
  },
  {
    claim: "leaves a busy workload alone, and a suspended one of which nothing was ever applied",
    check(planner, runs) {
      let suspended = 0;
      fc.assert(
        fc.property(state, ([specs, found]) => {
          const made = device(found);
          if (specs[0] !== undefined) made.busy.add(specs[0].name);
          const touched = new Set(planner(made.input(desired(specs))).actions.map((action) => action.workload));
          for (const spec of specs) {
            if (spec.suspend) suspended++;
            if (spec.suspend || made.busy.has(spec.name)) assert.ok(!touched.has(spec.name), spec.name);
          }
        }),
        { numRuns: runs },
      );
      assert.ok(suspended > 0, "no suspended workload was generated");
    },
  },
  {
    claim:
      "keeps what is suspended by git or on the device as it was last applied, whatever git asks for, and stops nothing else of it",
    check(planner, runs) {
      let started = 0;
      const asked = fc.tuple(workload, workload, instances, fc.constantFrom("device", "git"));
      fc.assert(
        fc.property(asked, ([wanted, before, found, how]) => {
          const name = "web";
          const spec = { ...wanted, name, suspend: how === "git" };
          const applied = { ...before, name, suspend: false, enabled: true };
          const fingerprintOfApplied = fingerprint(applied);
          const made = device(found.map((instance) => ({ ...instance, workload: name })));
          made.states.set(name, {
            ...newState(name),
            applied: { workload: applied, fingerprint: fingerprintOfApplied, revision: "b" },
            ...(how === "device" ? { override: { action: "suspend" as const, since: 0, until: null } } : {}),
          });
          const alive = made.instances.filter((instance) => instance.state === "running");
          const others = alive.filter((instance) =>
            instance.fingerprint !== fingerprintOfApplied || instance.runtime !== applied.runtime ||
            instance.slot >= applied.replicas
          );
          settle(made, desired([spec as Workload]), planner);
          for (const instance of others) {
            assert.ok(made.instances.some(({ id }) => id === instance.id), `${instance.id} was stopped`);
          }
          const fresh = made.instances.filter((instance) => instance.id.startsWith("new-"));
          started += fresh.length;
          for (const instance of fresh) assert.equal(instance.fingerprint, fingerprintOfApplied);
          if (applied.restart.when !== "always") return;
          const running = made.instances.filter((instance) => instance.state === "running");
          for (let slot = 0; slot < applied.replicas; slot++) {
            assert.ok(running.some((instance) => instance.slot === slot), `slot ${slot} is dead`);
          }
        }),
        { numRuns: runs },
      );
      assert.ok(started > runs / 4, `only ${started} were started`);
    },
  },
  {
    claim: "does nothing in a runtime that could not be observed, and nothing at all before a revision is known",
    check(planner, runs) {
      fc.assert(
        fc.property(state, ([specs, found]) => {
          const made = device(found);
          assert.deepEqual(planner(made.input(null)).actions, []);
          made.down = ["docker"];
          for (const action of planner(made.input(desired(specs))).actions) {
            const runtime = "spec" in action ? action.spec.runtime : action.runtime;
            assert.equal(runtime, "native");
          }
        }),
        { numRuns: runs },
      );
    },
  },
  {
    claim: "gives every action a known reason and a sentence without a final period",
    check(planner, runs) {
      const seen = new Set<string>();
      fc.assert(
        fc.property(state, ([specs, found]) => {
          for (const action of planner(device(found).input(desired(specs))).actions) {
            seen.add(action.reason);
            assert.ok(action.reason in REASONS, action.reason);
            assert.match(action.message, /^\S.*[^.\s]$/);
          }
        }),
        { numRuns: runs },
      );
      for (const reason of ["created", "exited", "removed", "spec_changed", "drift", "replica_surplus"]) {
        assert.ok(seen.has(reason), `no plan had the reason ${reason}`);
      }
    },
  },
  {
    claim: "prepares before it stops, and stops before it starts",
    check(planner, runs) {
      fc.assert(
        fc.property(state, ([specs, found]) => {
          const plan = planner(device(found).input(desired(specs)));
          for (const chain of Map.groupBy(plan.actions, (action) => action.workload).values()) {
            const ranks = chain.map((action) =>
              ({ prepare: 0, publish: 1, stop: 2, remove: 2, start: 3, reload: 4 })[action.type]
            );
            assert.deepEqual(ranks, [...ranks].sort());
            if (ranks.includes(3)) assert.equal(ranks[0], 0);
          }
        }),
        { numRuns: runs },
      );
    },
  },
  {
    claim: "removes nothing on its own when a revision asks for nothing or takes away most",
    check(planner, runs) {
      fc.assert(
        fc.property(workloads, (specs) => {
          const made = new ModelDevice();
          const enabled = specs.map((spec) => ({ ...spec, enabled: true, suspend: false }));
          settle(made, desired(enabled), planner);
          assert.deepEqual(planner(made.input(desired([]))).actions, []);
          const few = enabled.slice(0, 1);
          if (enabled.length >= 4) assert.deepEqual(planner(made.input(desired(few))).actions, []);
        }),
        { numRuns: runs },
      );
    },
  },
];

/** After an end that nothing follows its rollout goes no further: what runs beside it, or before it, goes on. */
function hasFailed(spec: Workload, made: ModelDevice): boolean {
  return spec.restart.when === "never" &&
    made.instances.some((instance) =>
      instance.workload === spec.name && instance.fingerprint === fingerprint(spec) && instance.state === "exited" &&
      instance.exitCode !== 0
    );
}

function running(made: ModelDevice, specs: Workload[]): string[] {
  const always = new Set(specs.filter((spec) => spec.restart.when === "always").map((spec) => spec.name));
  // What is not always restarted may or may not have ended with success before the cut.
  return look(made).filter((line) => always.has(line.split(" ")[1]!.replace(/\[.*/, "")));
}
