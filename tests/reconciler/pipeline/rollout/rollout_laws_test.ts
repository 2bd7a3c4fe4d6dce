/**
 * Laws of rollouts, on a device whose daemon is killed anywhere: a push brings workloads of which some never become
 * healthy, in one of three ways.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fingerprint } from "../../../../src/model/fingerprint.ts";
import type { Instance } from "../../../../src/model/instance.ts";
import { rolloutPolicy } from "../../../../src/model/rollout_policy.ts";
import type { RolloutPolicy, Workload } from "../../../../src/model/workload.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { strategyOf } from "../../../../src/reconciler/pipeline/rollout/rollout_strategy.ts";
import { ALWAYS, docker, native } from "../../../support/workload.ts";
import { desired } from "../arbitraries.ts";
import { carryOut, look, ModelDevice, type Planner, settle } from "../model_device.ts";

const slow = Deno.permissions.querySync({ name: "env", variable: "SLOW" }).state === "granted" && Deno.env.get("SLOW");
const RUNS = slow ? 10_000 : 200;
const OPTIONS: fc.Parameters<unknown> = slow ? { numRuns: RUNS } : { numRuns: RUNS, seed: 20261121 };

const ROUNDS = 400;
const OLD = "a".repeat(40);
const NEW = "b".repeat(40);

type Badness = "good" | "never healthy" | "ends at once" | "unhealthy";

interface Case {
  before: Workload;
  after: Workload;
  badness: Badness;
}

const one: fc.Arbitrary<Case> = fc.record({
  name: fc.constantFrom("api", "cam", "db", "web"),
  isNative: fc.boolean(),
  replicas: fc.integer({ min: 1, max: 3 }),
  strategy: fc.constantFrom<RolloutPolicy["strategy"]>(null, "recreate", "start-first", "rolling"),
  maxParallel: fc.integer({ min: 1, max: 3 }),
  maxUnavailable: fc.integer({ min: 1, max: 2 }),
  badness: fc.constantFrom<Badness>("good", "never healthy", "ends at once", "unhealthy"),
  port: fc.boolean(),
}).map(({ name, isNative, replicas, port, badness, ...policy }) => {
  const host = { name: null, hostAddress: "0.0.0.0", host: 8080, container: 80, protocol: "tcp" as const };
  const fields = {
    name,
    replicas: port ? 1 : replicas,
    restart: ALWAYS,
    rollout: rolloutPolicy({ ...policy, deadlineMs: 60_000 }),
    ports: port
      ? [{ ...host, host: 8000 + name.charCodeAt(0), container: isNative ? 8000 + name.charCodeAt(0) : 80 }]
      : [],
  };
  const make = (version: string): Workload =>
    isNative ? native({ ...fields, env: { VERSION: version } }) : docker({ ...fields, env: { VERSION: version } });
  return { before: make("1"), after: make(badness), badness };
});

const cases = fc.uniqueArray(one, { selector: (it) => it.before.name, minLength: 1, maxLength: 3 });

/** Runs `before`, healthy. */
function running(all: readonly Case[], planner: Planner = plan): ModelDevice {
  const device = new ModelDevice();
  device.fate = (spec, now): Partial<Instance> => {
    switch (spec.env.VERSION as Badness) {
      case "never healthy":
        return { runtimeHealth: "starting" };
      case "unhealthy":
        return { runtimeHealth: "unhealthy" };
      case "ends at once":
        return { state: "exited", pid: null, exitCode: 1, endedAt: now };
      default:
        return {};
    }
  };
  settle(device, desired(all.map((it) => it.before), OLD), planner, ROUNDS);
  return device;
}

const push = (all: readonly Case[]) => desired(all.map((it) => it.after), NEW);

/** What has to run in the end. */
function wanted(all: readonly Case[]): string[] {
  return all.flatMap(({ before, after, badness }) => {
    const spec = badness === "good" ? after : before;
    return Array.from(
      { length: spec.replicas },
      (_, slot) => `${spec.runtime} ${spec.name}[${slot}] ${fingerprint(spec)} running`,
    );
  }).sort();
}

interface Law {
  claim: string;
  check(planner: Planner): void;
}

const LAWS: Law[] = [
  {
    claim: "a revision that never becomes healthy ends with the previous one running, and stays there",
    check(planner) {
      let bad = 0;
      fc.assert(
        fc.property(cases, (all) => {
          const device = running(all, planner);
          settle(device, push(all), planner, ROUNDS);
          assert.deepEqual(look(device), wanted(all));
          for (const { before, badness } of all) {
            const { refused, history } = device.memoryOf(before.name).rollouts!;
            assert.equal(refused?.state, badness === "good" ? undefined : "back", badness);
            assert.equal(history.at(-1)?.outcome, badness === "good" ? "healthy" : "rolled-back");
            if (badness !== "good") bad++;
          }
          device.now += 3_600_000;
          assert.deepEqual(planner(device.input(push(all))).actions, [], "it is tried again");
        }),
        OPTIONS,
      );
      assert.ok(bad > RUNS / 2, `only ${bad} bad workloads`);
    },
  },
  {
    claim: "a daemon that is killed after any action, again and again, comes to the same end",
    check(planner) {
      fc.assert(
        fc.property(cases, fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 30 }), (all, cuts) => {
          const device = running(all, planner);
          for (const cut of cuts) {
            const made = planner(device.input(push(all)));
            device.remember(made);
            carryOut(device, made, cut);
            if (made.actions.length === 0 && made.wakeAt !== null) device.now = Math.max(device.now, made.wakeAt);
          }
          settle(device, push(all), planner, ROUNDS);
          assert.deepEqual(look(device), wanted(all));
        }),
        OPTIONS,
      );
    },
  },
  {
    claim: "start-first is never dark: a healthy instance that others find is there after every action",
    check(planner) {
      let steps = 0;
      fc.assert(
        fc.property(cases, (all) => {
          const device = running(all, planner);
          const kept = all.filter(({ after }) => strategyOf(after).type === "start-first");
          eachAction(device, { all, planner }, () => {
            for (const { before } of kept) {
              steps++;
              assert.equal(serving(device, before), before.replicas, before.name);
            }
          });
        }),
        OPTIONS,
      );
      assert.ok(steps > RUNS, `only ${steps} looks`);
    },
  },
  {
    claim: "rolling takes no more away than it may",
    check(planner) {
      let steps = 0;
      fc.assert(
        fc.property(cases, (all) => {
          const device = running(all, planner);
          const kept = all.filter(({ after }) => strategyOf(after).type === "rolling");
          eachAction(device, { all, planner }, () => {
            for (const { before } of kept) {
              steps++;
              const away = before.replicas - serving(device, before);
              assert.ok(away <= before.rollout.maxUnavailable, `${away} of ${before.name} are away`);
            }
          });
        }),
        OPTIONS,
      );
      assert.ok(steps > RUNS, `only ${steps} looks`);
    },
  },
  {
    claim: "no slot has two instances that others find, nor more than two at all",
    check(planner) {
      fc.assert(
        fc.property(cases, (all) => {
          const device = running(all, planner);
          eachAction(device, { all, planner }, () => {
            const alive = device.instances.filter((it) => it.state === "running");
            for (const [slot, those] of Map.groupBy(alive, (it) => `${it.workload}[${it.slot}]`)) {
              assert.ok(those.length <= 2, `${those.length} in ${slot}`);
              const strategy = strategyOf(all.find((it) => it.before.name === those[0]!.workload)!.after);
              if (strategy.type !== "start-first") assert.equal(those.length, 1, slot);
            }
          });
        }),
        OPTIONS,
      );
    },
  },
  {
    claim: "what is refused is tried again once git asks for something else",
    check(planner) {
      fc.assert(
        fc.property(cases, (all) => {
          const device = running(all, planner);
          settle(device, push(all), planner, ROUNDS);
          const mended = all.map((it) => ({
            ...it,
            after: { ...it.after, env: { VERSION: "mended" } },
            badness: "good" as const,
          }));
          settle(device, push(mended), planner, ROUNDS);
          assert.deepEqual(look(device), wanted(mended));
          for (const { before } of all) assert.equal(device.memoryOf(before.name).rollouts?.refused, undefined);
        }),
        OPTIONS,
      );
    },
  },
  {
    claim: "scope revision takes all of it back with one that fails, what is new and what was removed too",
    check(planner) {
      let taken = 0;
      fc.assert(
        fc.property(cases, (all) => {
          const device = running(all, planner);
          device.scope = "revision";
          const added = native({ name: "new" });
          const pushed = desired([...all.slice(1).map((it) => it.after), added], NEW);
          settle(device, pushed, planner, ROUNDS);
          const isBad = all.slice(1).some((it) => it.badness !== "good");
          if (isBad) taken++;
          const rest = all.slice(1).map((it) => ({
            ...it,
            after: isBad ? it.before : it.after,
            badness: "good" as const,
          }));
          const first = isBad ? wanted([{ ...all[0]!, after: all[0]!.before, badness: "good" }]) : [];
          const last = isBad ? [] : [`native new[0] ${fingerprint(added)} running`];
          assert.deepEqual(look(device), [...wanted(rest), ...first, ...last].sort());

          const mended = all.map((it) => ({
            ...it,
            after: { ...it.after, env: { VERSION: "mended" } },
            badness: "good" as const,
          }));
          settle(device, desired(mended.map((it) => it.after), "c".repeat(40)), planner, ROUNDS);
          assert.deepEqual(look(device), wanted(mended));
        }),
        OPTIONS,
      );
      assert.ok(taken > RUNS / 4, `only ${taken} revisions were taken back`);
    },
  },
  {
    claim: "when the version before is broken too, nothing goes to and fro",
    check(planner) {
      fc.assert(
        fc.property(cases, (all) => {
          const device = running(all, planner);
          const fate = device.fate;
          device.fate = (spec, now) => ({ ...fate(spec, now), runtimeHealth: "starting" });
          settle(device, push(all), planner, ROUNDS);
          const before = look(device);
          device.now += 3_600_000;
          settle(device, push(all), planner, ROUNDS);
          assert.deepEqual(look(device), before);
        }),
        OPTIONS,
      );
    },
  },
];

/** Until there is nothing to do, with a look after every action. */
function eachAction(
  device: ModelDevice,
  { all, planner }: { all: readonly Case[]; planner: Planner },
  seen: () => void,
): void {
  for (let round = 0; round < ROUNDS; round++) {
    const made = planner(device.input(push(all)));
    device.remember(made);
    if (made.actions.length === 0 && made.wakeAt === null) return;
    if (made.actions.length === 0) device.now = Math.max(device.now, made.wakeAt!);
    const chains = Map.groupBy(made.actions, (action) => action.workload);
    for (const action of made.actions) {
      device.perform(action, chains.get(action.workload));
      seen();
    }
  }
  throw new Error(`still to do after ${ROUNDS} rounds`);
}

/** Slots with an instance that runs, is found by others, and is not known to be bad. */
function serving(device: ModelDevice, { name }: Workload): number {
  const good = device.instances.filter((it) =>
    it.workload === name && it.state === "running" && it.canary !== true && it.runtimeHealth === null
  );
  return new Set(good.map((it) => it.slot)).size;
}

for (const law of LAWS) Deno.test(`rollout: ${law.claim}`, () => law.check(plan));

/** Planners with one thing wrong. */
const MUTANTS: Record<string, Planner> = {
  "never gives up": (input) =>
    plan({ ...input, answeringSince: new Map([...input.answeringSince.keys()].map((it) => [it, Infinity])) }),
  "forgets what it refused": (input) => {
    const memory = new Map([...input.states].map(([name, it]) => {
      const { refused: _, ...rollouts } = it.rollouts ?? { versions: [], history: [] };
      return [name, { ...it, rollouts }];
    }));
    return plan({ ...input, states: memory });
  },
  "stops the old one at once": (input) => {
    const made = plan(input);
    const stops = made.actions.filter((action) => action.type === "start" && action.canary === true).flatMap((
      action,
    ) =>
      input.observations.flatMap((it) => it.ok ? it.instances : [])
        .filter((it) => it.workload === action.workload && it.state === "running" && it.canary !== true)
        .slice(0, 1)
        .map((instance) => ({
          ...action,
          type: "stop" as const,
          runtime: instance.runtime,
          instance,
          signal: "SIGTERM" as const,
          timeoutMs: 1,
        }))
    );
    return {
      ...made,
      actions: [
        ...made.actions.filter((action) => action.type === "prepare"),
        ...stops,
        ...made.actions.filter((action) => action.type !== "prepare"),
      ],
    };
  },
  "replaces all slots at once": (input) => {
    const specs = (input.desired?.workloads ?? []).map((spec) => ({
      ...spec,
      rollout: { ...spec.rollout, maxParallel: 99, maxUnavailable: 99 },
    }));
    return plan({ ...input, desired: input.desired === null ? null : { ...input.desired, workloads: specs } });
  },
  "does not write its intent down": (input) => ({ ...plan(input), plannedStates: new Map() }),
};

for (const [mistake, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`rollout laws catch a planner that ${mistake}`, () => {
    const before = fc.readConfigureGlobal();
    // That it is caught is enough: the smallest case is not looked for.
    fc.configureGlobal({ ...before, endOnFailure: true });
    const caught = LAWS.filter((law) => {
      try {
        law.check(mutant);
        return false;
      } catch {
        return true;
      }
    });
    fc.configureGlobal(before);
    assert.ok(caught.length > 0, "every law holds for it");
  });
}
