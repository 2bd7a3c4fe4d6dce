/**
 * Laws of the revision's progress, on generated devices: what may be recorded as applied, healthy, and at rest. Each law
 * uses the plan, the observations and the states, and never the progress of another workload or the status.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { type Instance, observedInstances } from "../../../src/model/instance.ts";
import { REASONS } from "../../../src/model/reason.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { newState, type WorkloadState } from "../../../src/model/workload_state.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import type { PlanInput } from "../../../src/reconciler/pipeline/plan_input.ts";
import type { ResolvedWorkload } from "../../../src/reconciler/pipeline/resolved_workload.ts";
import {
  type RevisionProgress,
  revisionProgress,
  type RevisionProgressInput,
} from "../../../src/reconciler/pipeline/revision_progress.ts";
import { statusSummary } from "../../../src/status/workload_status.ts";
import { desired, workloads } from "./arbitraries.ts";
import { ModelDevice, settle } from "./model_device.ts";
import { scenes } from "./scenes.ts";

const slow = Deno.permissions.querySync({ name: "env", variable: "SLOW" }).state === "granted" && Deno.env.get("SLOW");
const RUNS = slow ? 20_000 : 300;
const OPTIONS: fc.Parameters<unknown> = slow ? { numRuns: RUNS } : { numRuns: RUNS, seed: 20261121 };

type Progress = (input: RevisionProgressInput) => RevisionProgress;

/** The plan of a scene, carried out as far as the state: most scenes have actions, which hide what else is missing. */
const inputs: fc.Arbitrary<RevisionProgressInput> = fc.record({
  input: scenes,
  hasActions: fc.boolean(),
  isOperating: fc.boolean(),
}).map(({ input, hasActions, isOperating }) => {
  const made = plan(input);
  return {
    plan: hasActions ? made : { ...made, actions: [] },
    observations: input.observations,
    enabledRuntimes: input.enabledRuntimes,
    states: plannedStates(input, made.plannedStates),
    retries: input.retries,
    operating: isOperating ? input.busy : new Set(),
    now: input.now,
  };
});

function plannedStates(
  { states }: PlanInput,
  planned: ReadonlyMap<string, Partial<WorkloadState>>,
): Map<string, WorkloadState> {
  const all = new Map(states);
  for (const [name, changes] of planned) all.set(name, { ...all.get(name) ?? newState(name), ...changes });
  return all;
}

interface Scene {
  input: RevisionProgressInput;
  progress: RevisionProgress;
}

interface Law {
  claim: string;
  check(scene: Scene): void;
}

const LAWS: Law[] = [
  {
    claim: "a spec is applied only when each slot has one instance of it, and nothing is under way",
    check({ input, progress: { appliedSpecs } }) {
      for (const workload of input.plan.workloads) {
        if (!appliedSpecs.has(workload.name)) continue;
        const { name, spec, invalid, override, frozen } = workload;
        assert.ok(spec !== null && invalid === null && override === null && frozen === undefined, name);
        assert.ok(isAnswering(spec, input), `${name}: its runtime was not observed`);
        assert.ok(!input.operating.has(name), `${name}: an operation is under way`);
        if (spec.job === null) {
          assert.ok(hasItsInstances(spec, input), `${name}: its instances are not those of its spec`);
        }
      }
    },
  },
  {
    claim: "an applied revision leaves nothing to do and nothing out: no action, operation, removal, gate or problem",
    check({ input, progress }) {
      if (!progress.isApplied) return;
      assert.deepEqual([input.plan.actions.length, input.operating.size, input.plan.pendingRemoval], [0, 0, null]);
      for (const workload of input.plan.workloads) {
        if (isLeftAlone(workload)) continue;
        const { name, invalid, gated, rollout } = workload;
        assert.ok(progress.appliedSpecs.has(name), `${name} is not applied`);
        assert.deepEqual([invalid, gated, rollout?.quarantined ?? null], [null, null, null], name);
      }
    },
  },
  {
    claim: "a healthy revision is applied, its rollouts are over, and no instance is unhealthy or has failed",
    check({ input, progress }) {
      if (!progress.isHealthy) return;
      assert.ok(progress.isApplied);
      for (const { name, rollout, ...workload } of input.plan.workloads) {
        if (isLeftAlone({ name, rollout, ...workload })) continue;
        assert.ok(!progress.unwell.has(name), name);
        const rollouts = rollout?.rollouts ?? input.states.get(name)?.rollouts;
        assert.ok(rollouts?.underWay === undefined || rollouts.underWay.failed !== undefined, `${name} is on its way`);
        for (const { instance, health, restart } of input.plan.assessments.get(name) ?? []) {
          if (workload.spec?.job !== null) continue;
          if (instance.state === "running") assert.equal(health, "healthy", name);
          else assert.equal(restart.type, "completed", name);
        }
      }
    },
  },
  {
    claim: "at rest nothing is started or stopped, except for what waits: for a person, a window or a dependency",
    check({ input, progress }) {
      if (!progress.isAtRest) return;
      assert.deepEqual([input.plan.actions.length, input.operating.size], [0, 0]);
      for (const { workload, phase, circumstance } of progress.workloads) {
        const waits = input.plan.waiting.has(workload.name) || circumstance.type === "retrying";
        const excused = isLeftAlone(workload) || workload.gated !== null || waits || workload.spec?.job !== null;
        if (!excused) assert.ok(!["pending", "starting"].includes(phase), `${workload.name} is ${phase}`);
      }
    },
  },
  {
    claim: "a window that is waited for is that of a gated workload, and a workload without progress is unwell",
    check({ input, progress }) {
      const gated = input.plan.workloads.filter((workload) => workload.gated?.reason === "outside_window");
      for (const name of progress.outsideWindow) assert.ok(gated.some((workload) => workload.name === name), name);
      for (const workload of input.plan.workloads) {
        const isUnknown = workload.spec === null || !isAnswering(workload.spec, input);
        if (isUnknown && workload.override === null) assert.ok(progress.unwell.has(workload.name), workload.name);
      }
    },
  },
];

/** Left as it is on purpose: its state is the intended one. */
function isLeftAlone({ frozen, override }: ResolvedWorkload): boolean {
  return override !== null || frozen !== undefined;
}

function isAnswering({ runtime }: Workload, { observations, enabledRuntimes }: RevisionProgressInput): boolean {
  return enabledRuntimes.includes(runtime) &&
    observations.some((observation) => observation.runtime === runtime && observation.ok);
}

function hasItsInstances(spec: Workload, { observations }: RevisionProgressInput): boolean {
  const own = observedInstances(observations).filter((instance) => instance.workload === spec.name);
  const slots = Array.from({ length: spec.enabled ? spec.replicas : 0 }, (_, slot) => `${slot} ${fingerprint(spec)}`);
  const found = own.map(({ slot, fingerprint }: Instance) => `${slot} ${fingerprint}`).sort();
  return JSON.stringify(found) === JSON.stringify(slots);
}

/** Returns how often each result was met. */
function check(law: Law, progressOf: Progress, runs = RUNS): Record<string, number> {
  const met = { applied: 0, isApplied: 0, isHealthy: 0, isAtRest: 0, outsideWindow: 0, unwell: 0 };
  fc.assert(
    fc.property(inputs, (input) => {
      const progress = progressOf(input);
      met.applied += progress.appliedSpecs.size;
      met.isApplied += Number(progress.isApplied);
      met.isHealthy += Number(progress.isHealthy);
      met.isAtRest += Number(progress.isAtRest);
      met.outsideWindow += progress.outsideWindow.size;
      met.unwell += progress.unwell.size;
      law.check({ input, progress });
    }),
    { ...OPTIONS, numRuns: runs },
  );
  return met;
}

for (const law of LAWS) {
  Deno.test(`revision: ${law.claim}`, () => {
    for (const [result, count] of Object.entries(check(law, revisionProgress))) {
      assert.ok(count > 0, `${result}: ${count}`);
    }
  });
}

Deno.test("revision: a device that has settled has applied it, is healthy, and at rest", () => {
  fc.assert(
    fc.property(workloads, (specs) => {
      const device = new ModelDevice();
      const wanted = desired(specs.map((spec) => ({ ...spec, suspend: false })));
      settle(device, wanted, plan);
      device.now += 3_600_000;
      const input = device.input(wanted);
      const { isApplied, isHealthy, isAtRest, unwell } = revisionProgress({
        ...input,
        plan: plan(input),
        operating: new Set(),
      });
      assert.deepEqual([isApplied, isHealthy, isAtRest, [...unwell]], [true, true, true, []]);
    }),
    OPTIONS,
  );
});

Deno.test("status explains every progress with a known reason and a sentence, and changes nothing of it", () => {
  fc.assert(
    fc.property(inputs, (input) => {
      for (const progress of revisionProgress(input).workloads) {
        const operation = input.operating.has(progress.workload.name) ? "pulling x:1" : null;
        const { sync, phase, health, reason, message } = statusSummary(progress, operation);
        assert.deepEqual([sync, phase, health], [progress.sync, progress.phase, progress.health]);
        assert.ok(reason in REASONS, reason);
        assert.match(message, /^\S.*[^.\s]$/);
      }
    }),
    OPTIONS,
  );
});

/** Progress with one thing wrong. */
const MUTANTS: Record<string, Progress> = {
  "records a spec during its operation": (input) => revisionProgress({ ...input, operating: new Set() }),
  "ignores actions": (input) => revisionProgress({ ...input, plan: { ...input.plan, actions: [] } }),
  "ignores pending removals": (input) => revisionProgress({ ...input, plan: { ...input.plan, pendingRemoval: null } }),
  "ignores gates": (input) => revisionProgress(withWorkloads(input, { gated: null })),
  "ignores invalid manifests": (input) => revisionProgress(withWorkloads(input, { invalid: null })),
  "ignores quarantine and open rollouts": (input) => {
    const states = new Map([...input.states].map(([name, { rollouts: _, ...state }]) => [name, state]));
    return revisionProgress({ ...withWorkloads(input, { rollout: null }), states });
  },
  "takes a failed observation for an empty one": (input) =>
    revisionProgress({
      ...input,
      observations: input.observations.map((seen) =>
        seen.ok ? seen : { runtime: seen.runtime, ok: true, instances: [] }
      ),
    }),
  "overlooks instances that are too much": (input) =>
    revisionProgress(
      withAssessments(input, (all) => all.filter(({ instance, isCurrent }) => isCurrent && instance.slot === 0)),
    ),
  "takes every instance for a current one": (input) =>
    revisionProgress(withAssessments(input, (all) => all.map((assessed) => ({ ...assessed, isCurrent: true })))),
  "takes every instance for a healthy one": (input) =>
    revisionProgress(
      withAssessments(input, (all) =>
        all.map((assessed) => ({ ...assessed, phase: "running" as const, phaseHealth: "healthy" as const }))),
    ),
  "rests while something starts": (input) => ({ ...revisionProgress(input), isAtRest: true }),
  "waits for windows that are open": (input) => {
    const progress = revisionProgress(input);
    return { ...progress, outsideWindow: progress.unwell };
  },
};

function withWorkloads(input: RevisionProgressInput, change: Partial<ResolvedWorkload>): RevisionProgressInput {
  const workloads = input.plan.workloads.map((workload) => ({ ...workload, ...change }));
  return { ...input, plan: { ...input.plan, workloads } };
}

type Assessed = RevisionProgressInput["plan"]["assessments"] extends ReadonlyMap<string, infer T> ? T : never;

function withAssessments(input: RevisionProgressInput, change: (all: Assessed) => Assessed): RevisionProgressInput {
  const assessments = new Map([...input.plan.assessments].map(([name, all]) => [name, change(all)]));
  return { ...input, plan: { ...input.plan, assessments } };
}

for (const [mistake, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`revision laws catch a progress that ${mistake}`, () => {
    const before = fc.readConfigureGlobal();
    // That it is caught is enough: the smallest case is not looked for.
    fc.configureGlobal({ ...before, endOnFailure: true });
    const isCaught = LAWS.some((law) => {
      try {
        // Few scenes have settled, and only those tell some of the mutants.
        check(law, mutant, 5 * RUNS);
        return false;
      } catch {
        return true;
      }
    });
    fc.configureGlobal(before);
    assert.ok(isCaught, "every law holds for it");
  });
}
