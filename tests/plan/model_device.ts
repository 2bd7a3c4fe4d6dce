/**
 * A device as the planner's laws need it: it does what actions say, keeps what a real one keeps over a crash of the
 * daemon (instances and written memory), and can be interrupted after any action. Data and functions, no I/O.
 */
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Policy } from "../../src/model/policy/policy.ts";
import { emptyMemory, type WorkloadMemory } from "../../src/model/memory.ts";
import type { MaintenanceWindow } from "../../src/model/pause/maintenance_window.ts";
import type { Desired } from "../../src/model/desired.ts";
import type { Instance, Observation } from "../../src/model/observed.ts";
import type { RuntimeName, Workload } from "../../src/model/workload.ts";
import type { Action } from "../../src/plan/action.ts";
import type { Verdict } from "../../src/plan/health.ts";
import type { OwnerModes } from "../../src/plan/mode.ts";
import { NO_ROLLOUTS, withBegun } from "../../src/model/rollout.ts";
import { withRun, withStop } from "../../src/plan/job/job.ts";
import type { Attempt } from "../../src/plan/attempt.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { PlanInput } from "../../src/plan/plan_input.ts";
import { slotAfterStart } from "../../src/plan/restart/restart.ts";
import { EVERYTHING_ALLOWED } from "../../src/model/policy/everything_allowed.ts";

export type Planner = (input: PlanInput) => Plan;

export class ModelDevice {
  now = 1_000_000;
  instances: Instance[];
  readonly memory = new Map<string, WorkloadMemory>();
  readonly attempts = new Map<string, Attempt>();
  readonly forced = new Set<string>();
  readonly busy = new Set<string>();
  readonly reloaded: string[] = [];
  down: RuntimeName[] = [];
  enabled: RuntimeName[] = ["native", "docker"];
  readonly answered = new Set<RuntimeName>();
  policy: Policy = EVERYTHING_ALLOWED;
  windows: readonly MaintenanceWindow[] = [];
  graceMs = 0;
  owner: OwnerModes = { modes: {}, defaultMode: null };
  pruneConfirmed: string | null = null;
  scope: "workload" | "revision" = "workload";
  refusedRevision: { revision: string; message: string } | null = null;
  readonly verdicts = new Map<string, Verdict>();
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
      answeringSince: new Map([...this.answered].filter((one) => !this.down.includes(one)).map((one) => [one, 0])),
      owner: this.owner,
      policy: this.policy,
      windows: this.windows,
      memory: this.memory,
      attempts: this.attempts,
      busy: this.busy,
      forced: this.forced,
      verdicts: this.verdicts,
      memoryBytes: null,
      since: this.since,
      rolloutScope: this.scope,
      refusedRevision: this.refusedRevision,
      graceMs: this.graceMs,
      pruneDoubt: null,
      pruneConfirmed: this.pruneConfirmed,
      now: this.now,
    };
  }

  /** Writes down what is to be known before anything is done. */
  remember({ memories, refusedRevision }: Plan): void {
    this.refusedRevision = refusedRevision ?? this.refusedRevision;
    for (const [name, memory] of memories) this.memory.set(name, { ...this.memoryOf(name), ...memory });
  }

  /** What a runtime would do; throws where a real one would refuse. `chain` is all that is done for its workload. */
  perform(action: Action, chain: readonly Action[] = [action]): void {
    this.now += 1;
    if (action.type !== "prepare") this.#begin(chain);
    switch (action.type) {
      case "prepare":
        return;
      case "publish":
        delete this.#find(action.instance.id).withheld;
        return;
      case "stop": {
        const instance = this.#find(action.instance.id);
        const known = this.memory.get(action.workload);
        if (action.isReplaced === true && known?.job !== undefined) {
          this.memory.set(action.workload, { ...known, job: withStop(known.job, instance.id, "isReplaced") });
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

  memoryOf(name: string): WorkloadMemory {
    return this.memory.get(name) ?? emptyMemory(name);
  }

  #begin(chain: readonly Action[]): void {
    const start = chain.find((one) => one.type === "start");
    if (start === undefined || start.spec.job !== null) return;
    const { workload, fingerprint, reason, message } = start;
    const before = this.memoryOf(workload);
    const begun = { fingerprint, revision: "", reason, message, startedAt: this.now };
    const rollouts = withBegun(before.rollouts ?? NO_ROLLOUTS, begun);
    if (rollouts !== null) this.memory.set(workload, { ...before, rollouts });
  }

  #forget({ workload, slot, fingerprint, runtime }: Instance): void {
    const before = this.memory.get(workload);
    if (runtime !== "docker" || before?.slots[slot]?.fingerprint !== fingerprint) return;
    const { [slot]: _, ...slots } = before.slots;
    this.memory.set(workload, { ...before, slots });
  }

  #start(action: Action & { type: "start" }): void {
    const { spec, slot, fingerprint: wanted, previous } = action;
    const rival = this.instances.find((one) =>
      one.workload === spec.name && one.slot === slot && one.state === "running" &&
      (action.withheld !== true || one.fingerprint === wanted)
    );
    if (rival !== undefined) throw new Error(`starts ${spec.name}[${slot}] beside ${rival.id}`);
    this.instances = this.instances.filter((one) => one.id !== previous?.id);
    const withheld = action.withheld === true ? { withheld: true } : {};
    const made = { id: `new-${++this.#made}`, slot, fingerprint: wanted, startedAt: this.now, ...withheld };
    this.instances.push(instance(spec, { ...made, ...this.fate(spec, this.now) }));
    const before = this.memory.get(spec.name) ?? emptyMemory(spec.name);
    const next = {
      ...slotAfterStart(spec.restart, { ...action, at: this.now }, before.slots[slot]),
      runtime: spec.runtime,
    };
    const memory: WorkloadMemory = { ...before, slots: { ...before.slots, [slot]: next } };
    if (action.dueAt !== undefined) {
      const run = { dueAt: action.dueAt, fingerprint: wanted, instanceId: `new-${this.#made}`, startedAt: this.now };
      memory.job = withRun(before.job ?? { seenUntil: action.dueAt, runs: [] }, run);
    }
    this.memory.set(spec.name, memory);
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
export function carryOut(device: ModelDevice, plan: Plan, most = Infinity): void {
  const chains = Map.groupBy(plan.actions, (action) => action.workload);
  for (const action of plan.actions.slice(0, most)) device.perform(action, chains.get(action.workload));
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
      if (plan.refusedRevision !== null) continue;
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
