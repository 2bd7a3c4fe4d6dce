/**
 * A device as the planner's laws need it: it does what actions say, keeps what a real one keeps over a crash of the
 * daemon (instances and written memory), and can be interrupted after any action. Data and functions, no I/O.
 */
import { fingerprint } from "../../../src/model/fingerprint.ts";
import type { Policy } from "../../../src/model/policy/policy.ts";
import { newState, type WorkloadState } from "../../../src/model/workload_state.ts";
import type { MaintenanceWindow } from "../../../src/model/maintenance_window.ts";
import type { Desired } from "../../../src/model/desired.ts";
import type { Instance, Observation } from "../../../src/model/instance.ts";
import type { RuntimeName, Workload } from "../../../src/model/workload.ts";
import type { Action } from "../../../src/reconciler/pipeline/action.ts";
import type { ProbedHealth } from "../../../src/reconciler/pipeline/instance_health.ts";
import type { OperatorModes } from "../../../src/reconciler/pipeline/runtime_choice.ts";
import { beginRollout, NO_ROLLOUTS } from "../../../src/model/rollout.ts";
import { withRun, withStop } from "../../../src/reconciler/pipeline/job_runs.ts";
import type { RetryState } from "../../../src/reconciler/pipeline/retry_state.ts";
import type { Plan } from "../../../src/reconciler/pipeline/plan.ts";
import type { PlanInput } from "../../../src/reconciler/pipeline/plan_input.ts";
import { slotAfterStart } from "../../../src/reconciler/pipeline/restart/restart_decision.ts";
import { ALLOW_ALL } from "../../../src/model/policy/allow_all.ts";

export type Planner = (input: PlanInput) => Plan;

export class ModelDevice {
  now = 1_000_000;
  instances: Instance[];
  readonly states = new Map<string, WorkloadState>();
  readonly retries = new Map<string, RetryState>();
  readonly forced = new Set<string>();
  readonly busy = new Set<string>();
  readonly reloaded: string[] = [];
  down: RuntimeName[] = [];
  enabled: RuntimeName[] = ["native", "docker"];
  readonly answered = new Set<RuntimeName>();
  policy: Policy = ALLOW_ALL;
  windows: readonly MaintenanceWindow[] = [];
  graceMs = 0;
  owner: OperatorModes = { modes: {}, defaultMode: null };
  pruneConfirmed: string | null = null;
  scope: "workload" | "revision" = "workload";
  refusedRevision: { revision: string; message: string } | null = null;
  readonly probedHealth = new Map<string, ProbedHealth>();
  /** What becomes of an instance of `spec` that is started now. */
  fate: (spec: Workload, now: number) => Partial<Instance> = () => ({});
  /** When its daemon was started. */
  since = 0;
  #made = 0;

  constructor(instances: Instance[] = []) {
    this.instances = instances.map((instance) => ({ ...instance }));
  }

  input(desired: Desired | null): PlanInput {
    const runtimes = this.enabled;
    const observations = runtimes.map((runtime): Observation =>
      this.down.includes(runtime)
        ? { runtime, ok: false, reason: "docker_unavailable", message: "does not answer" }
        : { runtime, ok: true, instances: this.instances.filter((one) => one.runtime === runtime) }
    );
    for (const { runtime, ok } of observations) if (ok) this.answered.add(runtime);
    return {
      desired,
      observations,
      enabledRuntimes: runtimes,
      answered: this.answered,
      answeringSince: new Map(
        [...this.answered].filter((runtime) => !this.down.includes(runtime)).map((runtime) => [runtime, 0]),
      ),
      owner: this.owner,
      policy: this.policy,
      windows: this.windows,
      states: this.states,
      retries: this.retries,
      busy: this.busy,
      forcedRestarts: this.forced,
      probedHealth: this.probedHealth,
      memoryBytes: null,
      since: this.since,
      rolloutScope: this.scope,
      quarantinedRevision: this.refusedRevision,
      graceMs: this.graceMs,
      pruneDoubt: null,
      pruneConfirmed: this.pruneConfirmed,
      now: this.now,
    };
  }

  /** Writes down what is to be known before anything is done. */
  remember({ plannedStates, quarantinedRevision }: Plan): void {
    this.refusedRevision = quarantinedRevision ?? this.refusedRevision;
    for (const [name, memory] of plannedStates) this.states.set(name, { ...this.memoryOf(name), ...memory });
  }

  /** What a runtime would do; throws where a real one would refuse. `chain` is all that is done for its workload. */
  perform(action: Action, chain: readonly Action[] = [action]): void {
    this.now += 1;
    if (action.type !== "prepare") this.#begin(chain);
    switch (action.type) {
      case "prepare":
        return;
      case "publish":
        delete this.#find(action.instance.id).canary;
        return;
      case "stop": {
        const instance = this.#find(action.instance.id);
        const known = this.states.get(action.workload);
        if (action.isReplaced === true && known?.job !== undefined) {
          this.states.set(action.workload, { ...known, job: withStop(known.job, instance.id, "isReplaced") });
        }
        Object.assign(instance, { state: "exited", pid: null, exitCode: 143, endedAt: this.now });
        return;
      }
      case "remove": {
        const instance = this.#find(action.instance.id);
        if (instance.state === "running") throw new Error(`removes ${instance.id}, which runs`);
        this.instances = this.instances.filter((one) => one.id !== instance.id);
        this.forced.delete(instance.id);
        if (action.reason !== "drift") this.#forget(instance);
        return;
      }
      case "start":
        return this.#start(action);
      case "reload":
        this.reloaded.push(action.workload);
        return;
    }
  }

  memoryOf(name: string): WorkloadState {
    return this.states.get(name) ?? newState(name);
  }

  #begin(chain: readonly Action[]): void {
    const start = chain.find((action) => action.type === "start");
    if (start === undefined || start.spec.job !== null) return;
    const { workload, fingerprint, reason, message } = start;
    const before = this.memoryOf(workload);
    const begun = { fingerprint, revision: "", reason, message, startedAt: this.now };
    const rollouts = beginRollout(before.rollouts ?? NO_ROLLOUTS, begun);
    if (rollouts !== null) this.states.set(workload, { ...before, rollouts });
  }

  #forget({ workload, slot, fingerprint, runtime }: Instance): void {
    const before = this.states.get(workload);
    if (runtime !== "docker" || before?.slots[slot]?.fingerprint !== fingerprint) return;
    const { [slot]: _, ...slots } = before.slots;
    this.states.set(workload, { ...before, slots });
  }

  #start(action: Action & { type: "start" }): void {
    const { spec, slot, fingerprint: wanted, previous } = action;
    const rival = this.instances.find((one) =>
      one.workload === spec.name && one.slot === slot && one.state === "running" &&
      (action.canary !== true || one.fingerprint === wanted)
    );
    if (rival !== undefined) throw new Error(`starts ${spec.name}[${slot}] beside ${rival.id}`);
    this.instances = this.instances.filter((one) => one.id !== previous?.id);
    const canary = action.canary === true ? { canary: true } : {};
    const made = { id: `new-${++this.#made}`, slot, fingerprint: wanted, startedAt: this.now, ...canary };
    this.instances.push(instance(spec, { ...made, ...this.fate(spec, this.now) }));
    const before = this.states.get(spec.name) ?? newState(spec.name);
    const next = {
      ...slotAfterStart(spec.restart, { ...action, at: this.now }, before.slots[slot]),
      runtime: spec.runtime,
    };
    const state: WorkloadState = { ...before, slots: { ...before.slots, [slot]: next } };
    if (action.dueAt !== undefined) {
      const run = { dueAt: action.dueAt, fingerprint: wanted, instanceId: `new-${this.#made}`, startedAt: this.now };
      state.job = withRun(before.job ?? { seenUntil: action.dueAt, runs: [] }, run);
    }
    this.states.set(spec.name, state);
    if (previous !== null) this.forced.delete(previous.id);
  }

  #find(id: string): Instance {
    const found = this.instances.find((one) => one.id === id);
    if (found === undefined) throw new Error(`touches ${id}, which is not there`);
    return found;
  }
}

/** A running instance of `spec`. */
export function instance(spec: Workload, detail: Partial<Instance> & { id: string; slot: number }): Instance {
  return {
    workload: spec.name,
    runtime: spec.runtime,
    fingerprint: fingerprint(spec),
    state: "running",
    pid: 100,
    containerId: null,
    startedAt: 1,
    endedAt: null,
    exitCode: null,
    runtimeHealth: null,
    ports: [],
    warnings: [],
    ...detail,
  };
}

/** At most `most` actions of the plan: a daemon may be killed after any of them. */
export function carryOut(device: ModelDevice, plan: Plan, max = Infinity): void {
  const chains = Map.groupBy(plan.actions, (action) => action.workload);
  for (const action of plan.actions.slice(0, max)) device.perform(action, chains.get(action.workload));
}

/**
 * Plans and performs until the plan is empty, letting time pass to whatever is due. Returns the number of rounds, or
 * throws when `limit` rounds were not enough.
 */
export function settle(device: ModelDevice, desired: Desired, planner: Planner, limit = 12): number {
  for (let round = 0; round < limit; round++) {
    const plan = planner(device.input(desired));
    device.remember(plan);
    if (plan.actions.length === 0) {
      if (plan.quarantinedRevision !== null) continue;
      if (plan.wakeAt === null) return round;
      device.now = Math.max(device.now, plan.wakeAt);
      continue;
    }
    carryOut(device, plan);
  }
  const left = planner(device.input(desired)).actions.map((action) => `${action.type} ${action.workload}`);
  if (left.length === 0) return limit;
  throw new Error(`still to do after ${limit} rounds: ${left.join(", ")}`);
}

/** What a stranger sees running, without ids and times: two devices that look alike here are alike. */
export function look(device: ModelDevice): string[] {
  return device.instances
    .map((one) => `${one.runtime} ${one.workload}[${one.slot}] ${one.fingerprint} ${one.state}`)
    .sort();
}
