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
import type { Device } from "../daemon/device.ts";
import { planInput } from "../reconciler/reconciler.ts";
import { revisionVerifier } from "../sync/verify_revision.ts";
import { loadRevision } from "../sync/load_revision.ts";
import { resolveSecrets } from "../sync/resolve_secrets.ts";
import { deviceFacts } from "../sync/device_facts.ts";

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

export async function previewPlan(device: Device): Promise<PlanPreview> {
  const { desired, error } = await latest(device);
  const seen = await Promise.all([...device.runtimes.values()].map((runtime) => runtime.observe()));
  const names = renames(desired, device.workloadStates.all);
  const observations = withRenames(seen, names);
  const states = new Map(device.workloadStates.all);
  for (const [from, to] of names) {
    states.set(to, renamedState(states, { from, to }) ?? states.get(to) ?? newState(to));
  }
  const plan = makePlan({ ...planInput(device), desired, observations, states });
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

async function latest(device: Device): Promise<{ desired: Device["desired"]; error: string | null }> {
  const gitDir = device.dir.preview;
  const signal = AbortSignal.any([device.stopped, AbortSignal.timeout(device.settings.repo.timeoutMs)]);
  try {
    // What it finds of trust is not remembered: nothing is to follow from a preview.
    const known = {
      sourceState: structuredClone(device.sourceState),
      source: device.source,
      target: deviceFacts(device),
    };
    const { settings: { trust }, clock } = device;
    const admit = revisionVerifier({ trust, clock, known: () => known });
    const { diskReserveBytes } = device.settings.limits;
    const source = createSource(device.settings.repo, { gitDir, clock: device.clock, admit, diskReserveBytes });
    const head = await source.head(signal);
    if (device.desired?.revision === head) return { desired: device.desired, error: null };
    const refusal = device.processing.refusal(head);
    if (refusal !== null) throw refusal;
    const revision = await source.fetch(head, () => {}, signal);
    const read = await loadRevision(revision, deviceFacts(device));
    return { desired: await resolveSecrets(read, device.vault), error: null };
  } catch (error) {
    return { desired: device.desired, error: asFailure(error).message };
  } finally {
    await removeFetched(gitDir);
  }
}
