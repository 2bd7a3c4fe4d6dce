/** The plan for what the repository holds now, with nothing applied: no fetch into place, no file written, no action. */
import { asFailure } from "../failure.ts";
import type { Desired } from "../model/desired.ts";
import type { Observation } from "../model/instance.ts";
import type { Problem } from "../model/problem.ts";
import { newState } from "../model/workload_state.ts";
import { renamedState, renames, withRenames } from "../reconciler/pipeline/renames.ts";
import { actionTitle } from "../reconciler/pipeline/action.ts";
import { type Plan, plan as makePlan } from "../reconciler/pipeline/plan.ts";
import { removeFetched } from "../source/cache/cache_directory.ts";
import { createSource } from "../source/create_source.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { SourceRecord } from "../store/source_record.ts";
import { revisionVerifier } from "../sync/verify_revision.ts";
import { loadRevision } from "../sync/load_revision.ts";
import { resolveSecrets } from "../sync/resolve_secrets.ts";
import { deviceFacts } from "../sync/device_facts.ts";

type PreviewDeps = Pick<
  OperationDeps,
  "dir" | "settings" | "source" | "state" | "sync" | "vault" | "guard" | "clock" | "stopped" | "runtimes" | "reconciler"
>;

export interface PlannedAction {
  /** "stop web[0]" */
  action: string;
  workload: string;
  type: string;
  reason: string;
  message: string;
}

/** What `harbornode plan --json` prints. */
export interface PlanPreview {
  revision: string | null;
  /** Why the repository could not be looked at, in which case the plan is that of the last revision here. */
  source_error: string | null;
  actions: PlannedAction[];
  problems: Problem[];
  pending_removal: { names: string[]; message: string } | null;
  /** Workloads that nothing can be said about, and why. */
  unknown: { runtime: string; message: string }[];
}

export async function previewPlan(deps: PreviewDeps): Promise<PlanPreview> {
  const { runtimes, state, reconciler } = deps;
  const { desired, error } = await latest(deps);
  const seen = await Promise.all([...runtimes.values()].map((runtime) => runtime.observe()));
  const names = renames(desired, state.workloads.all);
  const observations = withRenames(seen, names);
  const states = new Map(state.workloads.all);
  for (const [from, to] of names) {
    states.set(to, renamedState(states, { from, to }) ?? states.get(to) ?? newState(to));
  }
  const plan = makePlan({ ...reconciler.planInput(), desired, observations, states });
  return planPreview(plan, { desired, observations, error });
}

export function planPreview(
  plan: Plan,
  { desired, observations, error }: {
    desired: Desired | null;
    observations: readonly Observation[];
    error: string | null;
  },
): PlanPreview {
  return {
    revision: desired?.revision ?? null,
    source_error: error,
    actions: plan.actions.map((action) => ({
      action: actionTitle(action),
      workload: action.workload,
      type: action.type,
      reason: action.reason,
      message: action.message,
    })),
    problems: desired?.invalid.flatMap((invalid) => invalid.problems) ?? [],
    pending_removal: plan.pendingRemoval,
    unknown: observations.flatMap((observation) =>
      observation.ok ? [] : [{ runtime: observation.runtime, message: observation.message }]
    ),
  };
}

async function latest(
  { dir, settings, source: current, state, sync, vault, guard, clock, stopped }: PreviewDeps,
): Promise<{ desired: Desired | null; error: string | null }> {
  const gitDir = dir.preview;
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(settings.repo.timeoutMs)]);
  try {
    const target = deviceFacts(settings, state.source.current);
    // Nothing follows from a preview: what the verification finds is not recorded.
    const known = { record: SourceRecord.inMemory(state.source.current), source: current, target };
    const admit = revisionVerifier({ trust: settings.trust, clock, known: () => known });
    const { diskReserveBytes } = settings.limits;
    const source = createSource(settings.repo, { gitDir, clock, admit, diskReserveBytes });
    const head = await source.head(signal);
    if (sync.desired?.revision === head) return { desired: sync.desired, error: null };
    const refusal = guard.refusal(head);
    if (refusal !== null) throw refusal;
    const revision = await source.fetch(head, () => {}, signal);
    const read = await loadRevision(revision, target);
    return { desired: await resolveSecrets(read, vault), error: null };
  } catch (error) {
    return { desired: sync.desired, error: asFailure(error).message };
  } finally {
    await removeFetched(gitDir);
  }
}
