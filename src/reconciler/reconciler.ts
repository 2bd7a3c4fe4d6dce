/**
 * The reconciler: observes what runs, plans the difference to desired state, and starts the operations that close it.
 * `reconcile` below tells a whole round from top to bottom.
 */
import type { Trigger } from "../async/trigger.ts";
import type { Clock } from "../clock.ts";
import { logger } from "../log.ts";
import type { Desired } from "../model/desired.ts";
import { buildSnapshot, type DeviceFacts } from "../status/build_snapshot.ts";
import type { SnapshotFeed } from "../status/snapshot_feed.ts";
import { collectPlanInput, type PlanInputOwners } from "./collect_plan_input.ts";
import { cooldownAfter } from "./reconcile_cooldown.ts";
import type { DesiredStateSource } from "./desired_state_source.ts";
import type { FailureReports } from "./failure_reports.ts";
import { restoreImageState } from "./image_update_loop.ts";
import { persistApplied, type PersistOptions, persistPlanned, persistRespawns } from "./persist_state.ts";
import { EMPTY_PLAN, type Plan, plan as makePlan } from "./pipeline/plan.ts";
import type { PlanInput } from "./pipeline/plan_input.ts";
import { reassessWorkloads } from "./pipeline/assess_workloads.ts";
import { NO_PROGRESS, type RevisionProgress, revisionProgress } from "./pipeline/revision_progress.ts";
import { planStopAll, type ShutdownKind } from "./pipeline/removal/stop_all.ts";
import { probeTargets } from "./probe_targets.ts";
import { applyRenames } from "./rename_workloads.ts";
import { updateRestartLeases } from "./update_restart_leases.ts";
import type { DataDir } from "../store/data_dir.ts";

const log = logger("reconciler");

/** Wait after a reconcile that failed. */
const FAILURE_WAIT_MS = 5000;

export interface ReconcilerOptions extends PersistOptions, PlanInputOwners {
  sync: DesiredStateSource;
  clock: Clock;
  failures: FailureReports;
  feed: SnapshotFeed;
  facts: DeviceFacts;
  dir: DataDir;
  /** Starts a reconcile. */
  trigger: Trigger;
  /** Told when a reconcile begins and ends. */
  watchdog: { begin(): void; end(): void };
}

/** The only writer of the plan. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  #plan: Plan = EMPTY_PLAN;
  #planned: Desired | null = null;
  #progress: RevisionProgress = NO_PROGRESS;
  #shutdown: ShutdownKind | null = null;
  #count = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** The last plan; empty before the first. */
  get plan(): Plan {
    return this.#plan;
  }

  /** The desired state that the last plan was made for: the object, since loading a revision again makes another. */
  get planned(): Desired | null {
    return this.#planned;
  }

  /** What the desired revision had reached after the last reconcile. */
  get progress(): RevisionProgress {
    return this.#progress;
  }

  /** Set once everything is stopped and nothing is started any more. */
  get shutdown(): ShutdownKind | null {
    return this.#shutdown;
  }

  /** Number of reconciles that have ended. */
  get count(): number {
    return this.#count;
  }

  /** Asks for a reconcile. Any number of requests while one is under way become one more. */
  request(): void {
    this.#options.trigger.fire();
  }

  /** Asks for a reconcile whose plan is not taken for the one before: what it depends on was changed by an operator. */
  requestNewPlan(): void {
    this.#planned = null;
    this.request();
  }

  /** From now on plans stop everything. */
  beginShutdown(kind: ShutdownKind): void {
    this.#shutdown = kind;
    if (kind === "shutdown") this.#options.executor.retries.clearAll();
    this.request();
  }

  /** Reconciles until the daemon stops, then waits for the operations under way. Calls `reconciled` after each round. */
  async loop(reconciled: () => void): Promise<void> {
    const { trigger, stopped, clock, watchdog, executor } = this.#options;
    let delayMs: number | null = 0;
    while (!stopped.aborted) {
      try {
        await trigger.wait(delayMs, stopped);
        const startedAt = clock.monotonic();
        watchdog.begin();
        const dueMs = await this.#reconcileSafely();
        watchdog.end();
        this.#count++;
        reconciled();
        const cooldownMs = cooldownAfter(clock.monotonic() - startedAt);
        await clock.sleep(cooldownMs, stopped);
        delayMs = dueMs === null ? null : Math.max(0, dueMs - cooldownMs);
      } catch {
        break;
      }
    }
    await executor.idle();
  }

  /** Reconciles once. Returns after how many ms the next reconcile is due; null when only a change makes one due. */
  async #reconcileSafely(): Promise<number | null> {
    try {
      await this.reconcile();
      const { wakeAt } = this.#plan;
      return wakeAt === null ? null : Math.max(0, wakeAt - this.#options.clock.now());
    } catch (error) {
      // A defect in one reconcile must not end the loop that watches over everything.
      log.error("a reconcile failed: {error}", {
        error: error instanceof Error ? error.stack ?? error.message : error,
      });
      return FAILURE_WAIT_MS;
    }
  }

  /** One round. Resolves with the operations that it started; they never reject. */
  async reconcile(): Promise<Promise<void>[]> {
    const { sync, state, observer, executor, feed, failures, dir, events } = this.#options;
    const { operations } = executor;
    // An operation that ends while the runtimes answer has changed what they report: its workload is left to the next
    // reconcile, which the operation asks for.
    const busy = new Set(operations.keys());

    // Observe.
    await observer.observe();
    if (this.#options.clockMonitor.check()) observer.restartDeadlines();
    this.#recordDocker();
    const { desired } = sync;
    await applyRenames({ desired, states: state.workloads, observer, busy: operations, dir, events });
    await persistRespawns(this.#options);
    await restoreImageState({ desired, states: state.workloads, observer, busy: operations });

    // Plan.
    for (const workload of operations.keys()) busy.add(workload);
    const input = { ...this.planInput(desired), busy };
    const plan = this.#shutdown === null ? makePlan(input) : this.#planShutdown(input);
    this.#plan = plan;
    this.#planned = desired;
    executor.cancelSuperseded((workload) => this.#specToRun(workload));

    // Persist what the plan knows, before the failed instances that it tells of are removed.
    if (await persistPlanned(this.#options, plan)) this.request();

    // Execute.
    for (const { spec } of plan.workloads) if (spec !== null) this.#options.runtimes.get(spec.runtime)?.configure(spec);
    failures.reportUnhealthy(plan.workloads);
    this.#options.prober.set(probeTargets(plan.workloads, observer.instances));
    await updateRestartLeases(plan.restartLeases, { instances: observer.instances, runtimes: this.#options.runtimes });
    const started = executor.start(plan.actions);

    // Judge what was reached, and persist it unless another revision arrived meanwhile.
    const progress = this.#judge(plan);
    const isCurrent = desired !== null && desired === sync.desired;
    if (isCurrent && this.#shutdown === null) await persistApplied(this.#options, { plan, desired, progress });
    if (isCurrent) await sync.confirmProcessed(desired);

    // Report.
    const snapshot = this.#snapshot(progress);
    this.#progress = progress;
    feed.publish(snapshot);
    feed.notify();
    if (await failures.collect(snapshot.workloads, operations)) feed.notify();
    return started;
  }

  /** What the planner reads now. */
  planInput(desired: Desired | null = this.#options.sync.desired): PlanInput {
    return collectPlanInput(this.#options, desired);
  }

  #planShutdown(input: PlanInput): Plan {
    const kind = this.#shutdown!;
    const { observations, states, retries, busy: operating } = input;
    // A system that shuts down does not wait for what cannot be stopped.
    const busy = kind === "shutdown" ? new Set([...operating, ...retries.keys()]) : operating;
    const actions = planStopAll(observations, { states, busy, why: kind });
    const assessments = reassessWorkloads(this.#plan.workloads, input);
    return { ...this.#plan, actions, assessments, restartLeases: new Map(), wakeAt: null };
  }

  #judge(plan: Plan): RevisionProgress {
    const { observer, state, executor, runtimes, clock } = this.#options;
    return revisionProgress({
      plan,
      observations: observer.observations,
      enabledRuntimes: [...runtimes.keys()],
      states: state.workloads.all,
      retries: executor.retries.all,
      operating: new Set(executor.operations.keys()),
      now: clock.now(),
    });
  }

  /** The spec that the plan wants to run; null for none. */
  #specToRun(workload: string) {
    return this.#shutdown === null ? this.#plan.workloads.find(({ name }) => name === workload)?.spec ?? null : null;
  }

  /** Manifests may select devices with Docker: once Docker has answered, the revision is loaded again. */
  #recordDocker(): void {
    const { state, observer, sync } = this.#options;
    if (!observer.answered.has("docker") || state.source.current.hasDocker === true) return;
    state.source.recordDocker();
    sync.requestReload();
  }

  #snapshot(progress: RevisionProgress) {
    const { facts, sync, state, observer, executor, prober, clock } = this.#options;
    return buildSnapshot({
      facts,
      source: sync.sourceProgress(),
      planned: this.#planned?.revision ?? null,
      pendingRemoval: this.#plan.pendingRemoval,
      progress,
      observations: observer.observations,
      states: state.workloads.all,
      operations: executor.operations,
      probeResults: (id) => prober.results(id),
      notSelected: sync.desired?.notSelected ?? [],
      now: clock.now(),
    });
  }
}
