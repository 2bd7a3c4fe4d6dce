/**
 * Laws of a workload with two ways to run, over days of a device: pushes, words of its owner, restarts of the daemon in
 * mid-chain, and runtimes that stop answering at any action, while what runs in them goes on.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Desired, RuntimeOptions } from "../../../src/model/desired.ts";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { type Applied, newState } from "../../../src/model/workload_state.ts";
import type { RuntimeName } from "../../../src/model/workload.ts";
import type { Action } from "../../../src/reconciler/pipeline/action.ts";
import { type Plan, plan } from "../../../src/reconciler/pipeline/plan.ts";
import { docker, native } from "../../support/workload.ts";
import { ModelDevice, type Planner } from "./model_device.ts";

interface Push {
  version: number;
  replicas: number;
  enabled: boolean;
  modes: "both" | "native" | "docker";
  preferred: RuntimeName | null;
}

type Event =
  | { type: "push"; push: Push }
  | { type: "owner"; mode: RuntimeName | null }
  | { type: "down" | "up"; runtime: RuntimeName }
  | { type: "restart of the daemon" }
  | { type: "restart of the workload" }
  /** After so many actions of the pass the daemon dies, or the runtime stops answering. */
  | { type: "pass"; after: number; then: "nothing" | "crash" | RuntimeName };

const runtime = fc.constantFrom<RuntimeName>("native", "docker", "docker", "docker");
const push: fc.Arbitrary<Push> = fc.record({
  version: fc.integer({ min: 1, max: 3 }),
  replicas: fc.integer({ min: 1, max: 2 }),
  enabled: fc.integer({ min: 0, max: 6 }).map((one) => one > 0),
  modes: fc.constantFrom("both", "both", "both", "native", "docker"),
  preferred: fc.constantFrom("native", "docker", "docker", null),
});
const pass = fc.record({
  type: fc.constant("pass" as const),
  after: fc.nat({ max: 5 }),
  then: fc.constantFrom("nothing", "nothing", "crash", "docker", "native"),
});
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: pass as fc.Arbitrary<Event> },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("push" as const), push }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom("down" as const, "up" as const), runtime }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("owner" as const), mode: fc.constantFrom("native", "docker", null) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom("restart of the daemon" as const, "restart of the workload" as const),
    }),
  },
);
const life = fc.tuple(push, fc.array(event, { maxLength: 25 }));

const COUNTED = { cuts: 0, fallbacks: 0, moves: 0, silences: 0 };

class Life {
  readonly device = new ModelDevice();
  readonly #planner: Planner;
  #desired: Desired;

  constructor(planner: Planner, push: Push) {
    this.#planner = planner;
    this.#desired = desiredOf(push);
  }

  do(event: Event): void {
    const { device } = this;
    switch (event.type) {
      case "push":
        this.#desired = desiredOf(event.push);
        return;
      case "owner":
        device.owner = { modes: event.mode === null ? {} : { web: event.mode }, defaultMode: null };
        return this.#reborn();
      case "down":
        device.down = [...new Set([...device.down, event.runtime])];
        return;
      case "up":
        device.down = device.down.filter((runtimeName) => runtimeName !== event.runtime);
        return;
      case "restart of the daemon":
        return this.#reborn();
      case "restart of the workload":
        for (const instance of device.instances) {
          if (!device.down.includes(instance.runtime)) device.forced.add(instance.id);
        }
        device.retries.clear();
        return;
      case "pass":
        return void this.pass(event);
    }
  }

  /** A pass and the whole of its chain. Returns the plan. */
  pass({ after, then }: { after: number; then: "nothing" | "crash" | RuntimeName }): Plan {
    const { device } = this;
    const made = this.#planner(device.input(this.#desired));
    device.remember(made);
    this.#remember(made);
    this.#watch(made.actions);
    for (const [index, action] of made.actions.entries()) {
      if (index === after && then !== "nothing") {
        COUNTED.cuts++;
        if (then === "crash") {
          this.#reborn();
          return made;
        }
        if (action.type === "start" && action.spec.runtime === then) this.#loseAnswer(action);
        this.do({ type: "down", runtime: then });
      }
      const needed = "spec" in action ? action.spec.runtime : action.runtime;
      if (device.down.includes(needed)) {
        const wanted = "spec" in action ? fingerprint(action.spec) : action.instance.fingerprint;
        this.#failed(wanted);
        return made;
      }
      device.perform(action, made.actions);
      this.neverTwo();
    }
    if (made.actions.length > 0) device.retries.clear();
    return made;
  }

  /** Everything answers again, and time passes until there is nothing to do. */
  end(): Plan {
    this.device.down = [];
    for (let round = 0; round < 12; round++) {
      const made = this.pass({ after: 0, then: "nothing" });
      if (made.actions.length === 0 && made.wakeAt === null) return made;
      this.device.now += 100_000;
    }
    throw new Error("still something to do after 12 passes");
  }

  neverTwo(): void {
    const alive = this.device.instances.filter((instance) => instance.state === "running").map((instance) =>
      instance.runtime
    );
    assert.ok(new Set(alive).size <= 1, `it runs as ${alive.join(" and ")}`);
  }

  /** It is started, and nobody hears of it. */
  #loseAnswer(action: Action & { type: "start" }): void {
    const { device } = this;
    const before = device.states.get("web") ?? newState("web");
    device.perform(action);
    const slot = before.slots[action.slot] ??
      { fingerprint: "", restarts: 0, streak: 0, lastExitCode: null, recent: [] };
    const slots = { ...before.slots, [action.slot]: { ...slot, runtime: action.spec.runtime } };
    device.states.set("web", { ...before, slots });
  }

  #watch(actions: readonly Action[]): void {
    const { down, states } = this.device;
    const applied = states.get("web")?.applied?.workload.runtime;
    if (applied === undefined || !down.includes(applied)) return;
    COUNTED.silences++;
    for (const action of actions) assert.notEqual(action.type, "start", `starts anew while ${applied} is silent`);
  }

  /** As the daemon does: what is seen to be as wanted counts as applied. */
  #remember({ workloads }: Plan): void {
    const { device } = this;
    for (const { name, spec, runtimeChoice } of workloads) {
      if (spec === null || device.down.includes(spec.runtime)) continue;
      const wanted = fingerprint(spec);
      const seen = device.instances.filter((instance) => !device.down.includes(instance.runtime));
      const count = spec.enabled ? spec.replicas : 0;
      if (seen.length !== count || seen.some((instance) => instance.fingerprint !== wanted)) continue;
      const from = runtimeChoice?.fellBackFrom ?? null;
      if (from !== null) COUNTED.fallbacks++;
      const applied: Applied = { workload: spec, fingerprint: wanted, revision: "r" };
      const before = device.states.get(name) ?? newState(name);
      if (before.applied !== null && before.applied.workload.runtime !== spec.runtime) COUNTED.moves++;
      device.states.set(name, {
        ...before,
        applied: from === null ? applied : { ...applied, fellBackFrom: from },
      });
    }
  }

  #failed(wanted: string): void {
    const { device } = this;
    const retryAt = device.now + 1000;
    const rest = {
      failures: 1,
      isFinal: false,
      reason: "docker_unavailable" as const,
      message: "does not answer",
      hint: null,
    };
    device.retries.set("web", { fingerprint: wanted, retryAt, ...rest });
  }

  #reborn(): void {
    this.device.retries.clear();
    this.device.forced.clear();
    this.device.answered.clear();
  }
}

function desiredOf({ version, replicas, enabled, modes, preferred }: Push): Desired {
  const rest = { replicas, enabled, env: { VERSION: String(version) } };
  const all = [native(rest), docker({ ...rest, kind: "service" as const })];
  const specs = all.filter((spec) => modes === "both" || spec.runtime === modes);
  const choice: RuntimeOptions = { specs, preferred: specs.length === 2 ? preferred : null };
  return {
    revision: "a".repeat(40),
    workloads: [specs[0]!],
    choices: new Map([["web", choice]]),
    invalid: [],
    notSelected: [],
  };
}

function laws(planner: Planner, runs: number): void {
  fc.assert(
    fc.property(life, ([first, events]) => {
      const life = new Life(planner, first);
      for (const event of events) {
        life.do(event);
        life.neverTwo();
      }
      const { workloads } = life.end();
      const { spec, runtimeChoice } = workloads[0]!;
      const wanted = runtimeChoice?.blocked ? undefined : spec!.enabled ? spec!.replicas : 0;
      if (wanted !== undefined) {
        assert.equal(life.device.instances.length, wanted);
        for (const instance of life.device.instances) assert.equal(instance.fingerprint, fingerprint(spec!));
      }
      // A runtime that comes and goes moves nothing that has come to rest.
      for (const runtime of ["docker", "native"] as const) {
        for (const type of ["down", "up"] as const) {
          life.do({ type, runtime });
          assert.deepEqual(life.pass({ after: 0, then: "nothing" }).actions, []);
        }
      }
      // What fell back is taken to its first choice by a restart, and does not come back.
      life.do({ type: "restart of the workload" });
      const { workloads: [last] } = life.end();
      if (life.device.instances.length > 0) assert.equal(last!.runtimeChoice?.fellBackFrom, null);
    }),
    { numRuns: runs, seed: 20261121 },
  );
}

Deno.test("mode laws: one runtime at a time, none left because it is silent, and one in the end", () => {
  laws(plan, 1000);
  for (const [what, count] of Object.entries(COUNTED)) assert.ok(count > 10, `only ${count} ${what}`);
});

/** Planners with one thing wrong. */
const MUTANTS: Record<string, Planner> = {
  "takes a silent runtime for an empty one": (input) =>
    plan({
      ...input,
      observations: input.observations.map((observation) => ({
        runtime: observation.runtime,
        ok: true,
        instances: observation.ok ? observation.instances : [],
      })),
    }),
  "forgets what was applied": (input) => plan({ ...input, states: new Map() }),
  "forgets what was started": (input) => {
    const memory = new Map([...input.states].map(([name, one]) => [name, { ...one, slots: {} }]));
    return plan({ ...input, states: memory });
  },
  "leaves the old one running": (input) => {
    const made = plan(input);
    return {
      ...made,
      actions: made.actions.filter((action) => action.reason !== "runtime_changed" || !("instance" in action)),
    };
  },
};

for (const [mistake, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`mode laws catch a planner that ${mistake}`, () => assert.throws(() => laws(mutant, 2000)));
}
