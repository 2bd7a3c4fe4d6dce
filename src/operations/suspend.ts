/** Overrides of the operator: suspend, stop, start and resume. Each is saved before it takes effect. */
import { Failure } from "../failure.ts";
import { formatUntil, type Override } from "../model/override.ts";
import { NO_ROLLOUTS, type RolloutState } from "../model/rollout.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { findWorkload } from "./find_workload.ts";

type OverrideDeps = Pick<OperationDeps, "reconciler" | "state" | "executor" | "events" | "clock" | "clockMonitor">;

export interface OverrideRequest {
  name: string;
  action: Override["action"];
  /** Null: until it is resumed. */
  forMs: number | null;
}

/** Returns a sentence that says what follows. Throws a `Failure` (`mistake`) where the override would have no effect. */
export async function setOverride(deps: OverrideDeps, { name, action, forMs }: OverrideRequest): Promise<string> {
  const { reconciler, clock, clockMonitor } = deps;
  const workload = findWorkload(reconciler.plan, name);
  if (workload.spec === null) {
    throw mistake(`"${name}" was never applied, and nothing of it is here`, "mend its manifest in git first");
  }
  if (forMs !== null && !(forMs > 0 && forMs <= MAX_OVERRIDE_MS)) {
    throw mistake("--for is longer than ten years", "leave --for out: then it lasts until it is resumed");
  }
  const now = clock.now();
  // A suspension that is set by a wrong clock would end at a time that nobody meant.
  const doubt = forMs === null ? null : clockMonitor.doubt;
  if (doubt !== null) throw mistake(doubt, "leave --for out, or set the clock: timedatectl set-ntp true");
  const override: Override = { action, since: now, until: forMs === null ? null : now + forMs };
  await saveOverride(deps, { name, override });
  return reportOverride(deps, { name, message: `${name} ${WORDS[action]} ${formatUntil(override)}` });
}

const MAX_OVERRIDE_MS = 10 * 366 * 24 * 3600_000;

const WORDS: Record<Override["action"], string> = {
  suspend: "is suspended: it stays as it was last applied",
  stop: "is stopped, and stays so",
  start: "runs, whatever git says of it,",
};

/**
 * Ends an override or a rollback of the operator, so that the workload follows git again. Returns a sentence that says
 * so. Throws a `Failure` (`mistake`) where the workload already follows git.
 */
export async function resume(deps: OverrideDeps, name: string): Promise<string> {
  const { reconciler, state, clock } = deps;
  const workload = findWorkload(reconciler.plan, name);
  const { override, rollouts = NO_ROLLOUTS } = state.workloads.get(name);
  const isOverridden = override !== undefined && override.ended !== true;
  const isBack = workload.rollout?.quarantined?.by === "owner";
  if (!isOverridden && !isBack) {
    throw mistake(`"${name}" is not suspended: it follows git`, 'run "harbornode status" to see what is');
  }
  const { refused, ...free } = rollouts;
  // Ended, and not forgotten: a deadline that ran meanwhile counts from here.
  const until = Math.min(override?.until ?? Infinity, clock.now());
  const ended = override === undefined ? null : { ...override, until, ended: true };
  await saveOverride(deps, { name, override: ended, ...(isBack && refused !== undefined ? { rollouts: free } : {}) });
  return reportOverride(deps, { name, message: `${name} follows git again` });
}

/** A workload that the owner stopped follows git again; one that git switches off runs in spite of it. */
export async function start(deps: OverrideDeps, { name, forMs }: Omit<OverrideRequest, "action">): Promise<string> {
  const { override, spec, frozen } = findWorkload(deps.reconciler.plan, name);
  if (override !== null && override.action !== "start") return await resume(deps, name);
  if (spec !== null && (!spec.enabled || frozen !== undefined || override !== null)) {
    return await setOverride(deps, { name, action: "start", forMs });
  }
  throw mistake(
    `"${name}" is not stopped: git asks for it to run`,
    `run "harbornode restart ${name}" to start it anew`,
  );
}

interface Said {
  name: string;
  override: Override | null;
  rollouts?: RolloutState;
}

async function saveOverride({ state }: OverrideDeps, { name, override, rollouts }: Said): Promise<void> {
  const { override: _, ...before } = state.workloads.get(name);
  await state.workloads.save({
    ...before,
    ...(override === null ? {} : { override }),
    ...(rollouts === undefined ? {} : { rollouts }),
  });
}

function reportOverride(
  { executor, events, reconciler }: OverrideDeps,
  { name, message }: { name: string; message: string },
): string {
  executor.retries.clear(name);
  events.add({ workload: name, reason: "overridden", message });
  reconciler.request();
  return message;
}

function mistake(message: string, hint: string): Failure {
  return new Failure(message, { kind: "mistake", reason: "overridden", hint });
}
