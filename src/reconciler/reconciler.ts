/** One pass, told as a story: observe, plan, apply, remember, report. One at a time. */
import { logger } from "../log.ts";
import { type Observation, observedInstances } from "../model/instance.ts";
import { planStopAll } from "./pipeline/removal/stop_all.ts";
import { clockDoubt } from "./pipeline/gates/clock_sync.ts";
import { type Plan, plan as makePlan } from "./pipeline/plan.ts";
import type { PlanInput } from "./pipeline/plan_input.ts";
import { canonical, fingerprint } from "../model/fingerprint.ts";
import { startOperations } from "./executor/execute_plan.ts";
import { type Device, notifyListeners } from "../daemon/device.ts";
import { restoreImageState } from "./image_update_loop.ts";
import { keepFailureLogs, reportUnhealthy } from "./failure_logs.ts";
import { persistApplied, persistPlanned, persistRespawns } from "./persist_state.ts";
import { applyRenames } from "./rename_workloads.ts";
import { buildSnapshot } from "../status/build_snapshot.ts";

const log = logger("pass");

/** Until the daemon stops; then waits for what is being carried out. `passed` is called after every pass. */
export async function reconcileLoop(device: Device, passed: () => void): Promise<void> {
  const chains = new Set<Promise<void>>();
  let delayMs: number | null = 0;
  while (!device.stopped.aborted) {
    try {
      await device.trigger.wait(delayMs, device.stopped);
      const began = device.clock.monotonic();
      device.watchdog.begin();
      const dueMs = await reconcileSafely(device, chains);
      device.watchdog.end();
      device.reconcileCount++;
      passed();
      const restMs = cooldownAfter(device.clock.monotonic() - began);
      await device.clock.sleep(restMs, device.stopped);
      delayMs = dueMs === null ? null : Math.max(0, dueMs - restMs);
    } catch {
      break;
    }
  }
  await Promise.all(chains);
}

/** One pass. Returns after how long there has to be another though nothing changes; null: never. Never throws. */
async function reconcileSafely(device: Device, chains: Set<Promise<void>>): Promise<number | null> {
  try {
    for (const chain of await reconcile(device)) {
      chains.add(chain);
      chain.finally(() => chains.delete(chain));
    }
    return device.plan.wakeAt === null ? null : Math.max(0, device.plan.wakeAt - device.clock.now());
  } catch (error) {
    // Whatever is wrong with one pass must not end the loop that watches over everything.
    log.error("a pass failed: {error}", { error: error instanceof Error ? error.stack ?? error.message : error });
    return 5000;
  }
}

const COOLDOWN_FACTOR = 9;
const MAX_COOLDOWN_MS = 50;

/**
 * A pass looks at everything, so a storm of changes (200 starts that end one by one) must not make one for each: passes
 * get at most a tenth of the time. The first change after a rest never waits; what comes during one waits for a few
 * milliseconds, and together.
 */
export function cooldownAfter(tookMs: number): number {
  return Math.min(tookMs * COOLDOWN_FACTOR, MAX_COOLDOWN_MS);
}

/** The chains that this pass began. */
export async function reconcile(device: Device): Promise<Promise<void>[]> {
  // A chain that ends while the runtimes answer has changed what they speak of: it is left to the next pass, which it asks for.
  const workedOn = new Set(device.operations.keys());
  device.observations = await observe(device);
  noteClock(device);
  recordAnswers(device);
  await applyRenames(device);
  await persistRespawns(device);
  await restoreImageState(device);
  const { desired } = device;
  for (const name of device.operations.keys()) workedOn.add(name);
  device.plan = device.shutdownKind !== null
    ? downPlan(device, workedOn)
    : makePlan({ ...planInput(device), busy: workedOn });
  device.planned = desired;
  cancelSuperseded(device);
  for (const { spec } of device.plan.workloads) if (spec !== null) device.runtimes.get(spec.runtime)?.configure(spec);
  // Of what is given up, the last probes are read before they are forgotten.
  await persistPlanned(device);
  watchHealth(device);
  await updateRestartLeases(device);
  const chains = startOperations(device, device.plan.actions);
  device.snapshot = buildSnapshot(device);
  if (device.shutdownKind === null) await persistApplied(device);
  // Of a revision that was planned once, nothing more can end the daemon than of any other.
  if (desired !== null && desired === device.desired) await device.processing.end(desired.revision);
  await keepFailureLogs(device);
  notifyListeners(device);
  return chains;
}

/**
 * Of a turn that was caused by one runtime, that one alone is asked: what a crash of a process needs must not wait for
 * Docker's answer. A runtime that could not be seen is asked every time.
 */
async function observe(device: Device): Promise<Observation[]> {
  const changed = new Set(device.changed);
  device.changed.clear();
  const known = new Map(device.observations.map((observation) => [observation.runtime, observation]));
  return await Promise.all(
    [...device.runtimes.values()].map(async (runtime) => {
      const before = known.get(runtime.name);
      const isKnown = changed.size > 0 && !changed.has(runtime.name) && before?.ok === true;
      return isKnown ? before : await runtime.observe();
    }),
  );
}

/** Less than this is a clock that is kept right. */
const CLOCK_SET_MS = 5000;

/** No deadline counts across a jump of the clock: it begins anew. */
function noteClock(device: Device): void {
  const now = device.clock.now();
  const offset = now - device.clock.monotonic();
  const jumpedMs = offset - device.clockOffset;
  device.clockOffset = offset;
  if (Math.abs(jumpedMs) < CLOCK_SET_MS) return;
  log.info("the clock was set {direction} by {seconds} s", {
    direction: jumpedMs > 0 ? "forward" : "back",
    seconds: Math.round(Math.abs(jumpedMs) / 1000),
  });
  device.clockSetAt = now;
  for (const runtime of device.answeringSince.keys()) device.answeringSince.set(runtime, now);
}

/** The state was written before this daemon began, and the daemon has run since. */
function earliestNow({ clock, lastStateWrite, startedMonotonic }: Device): number {
  return Math.max(clock.now(), (lastStateWrite ?? 0) + clock.monotonic() - startedMonotonic);
}

function recordAnswers(device: Device): void {
  const { observations, answered, answeringSince, clock } = device;
  for (const { runtime, ok } of observations) {
    if (!ok) answeringSince.delete(runtime);
    else if (!answeringSince.has(runtime)) answeringSince.set(runtime, clock.now());
    if (ok) answered.add(runtime);
    if (ok && runtime === "docker" && device.sourceState.hasDocker !== true) recordDocker(device);
  }
}

/** Manifests may choose devices that have it; written down with the next look at the repository. */
function recordDocker(device: Device): void {
  device.sourceState.hasDocker = true;
  device.reloadRevision = true;
  device.syncTrigger.fire();
}

async function updateRestartLeases(device: Device): Promise<void> {
  const { restartLeases } = device.plan;
  const instances = observedInstances(device.observations);
  await Promise.all(instances.map(async (instance) => {
    const lease = restartLeases.get(instance.id);
    if (lease === undefined) return;
    await device.runtimes.get(instance.runtime)?.setRestartLease(instance, lease?.finalCodes ?? null).catch(() => {
      // It has ended meanwhile, and its folder with it.
    });
  }));
}

export function planInput(device: Device): PlanInput {
  return {
    desired: device.desired,
    observations: device.observations,
    enabledRuntimes: [...device.runtimes.keys()],
    answered: device.answered,
    answeringSince: device.answeringSince,
    owner: device.settings.runtime,
    policy: device.settings.policy,
    windows: device.sourceState.windowsOpenFor === device.desired?.revision ? null : device.settings.rollout.windows,
    states: device.workloadStates.all,
    retries: device.retries,
    busy: new Set(device.operations.keys()),
    forcedRestarts: device.forcedRestarts,
    probedHealth: device.prober.statuses(),
    memoryBytes: memoryForWorkloads(device),
    since: device.startedAt,
    rolloutScope: device.settings.rollout.scope,
    quarantinedRevision: device.sourceState.refused ?? null,
    graceMs: device.settings.rollout.pruneGraceMs,
    pruneDoubt: pruneDoubt(device),
    pruneConfirmed: device.sourceState.pruneConfirmed,
    clockDoubt: clockDoubt({ now: device.clock.now(), lastKnown: device.lastStateWrite }),
    clockSetAt: device.clockSetAt,
    earliestNow: earliestNow(device),
    now: device.clock.now(),
  };
}

/** What the device has, without what is kept for the system and ourselves. */
function memoryForWorkloads({ settings }: Device): number | null {
  const { total } = Deno.systemMemoryInfo();
  return total > 0 ? total - settings.limits.memoryReserveBytes : null;
}

function downPlan(
  { observations, workloadStates, retries, plan, shutdownKind }: Device,
  workedOn: ReadonlySet<string>,
): Plan {
  // A machine that goes down does not wait for what cannot be stopped.
  const busy = shutdownKind === "shutdown" ? new Set([...workedOn, ...retries.keys()]) : workedOn;
  const actions = planStopAll(observations, { states: workloadStates.all, busy, why: shutdownKind! });
  return { ...plan, actions, restartLeases: new Map(), wakeAt: null };
}

/** A source that is not the one that asked for what runs must not remove it unasked. */
function pruneDoubt(device: Device): string | null {
  const { url, branch, device: name, labels } = device.sourceState;
  const { source, settings } = device;
  if (url !== source.url) return `the repository changed from "${url}" to "${source.url}"`;
  if (branch !== source.branch) return `the branch changed from "${branch}" to "${source.branch}"`;
  if (name !== settings.device) return `the device's name changed from "${name}" to "${settings.device}"`;
  if (labels !== undefined && canonical(labels) !== canonical(settings.labels)) {
    return `the device's labels changed from ${labelsText(labels)} to ${labelsText(settings.labels)}`;
  }
  return null;
}

function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(", ") || "none";
}

/** What is brought for a spec that nobody wants any more must not keep its successor waiting, nor whoever waits for rest. */
function cancelSuperseded({ operations, plan, shutdownKind }: Device): void {
  for (const [name, { preparing, superseded }] of operations) {
    if (preparing === null) continue;
    const spec = plan.workloads.find((workload) => workload.name === name)?.spec ?? null;
    const isWanted = shutdownKind === null && spec !== null && fingerprint(spec) === preparing;
    if (!isWanted) superseded.abort(new Error("nobody wants it any more"));
  }
}

/** Probes run against instances of the spec that counts, and no others. */
function watchHealth(device: Device): void {
  const instances = observedInstances(device.observations);
  const byWorkload = Map.groupBy(instances, (instance) => instance.workload);
  reportUnhealthy(device);
  device.prober.set(device.plan.workloads.flatMap(({ name, spec }) => {
    if (spec === null || spec.health === null) return [];
    const wanted = fingerprint(spec);
    return (byWorkload.get(name) ?? [])
      .filter((instance) => instance.state === "running" && instance.fingerprint === wanted)
      .map((instance) => ({ instance, workload: spec }));
  }));
}
