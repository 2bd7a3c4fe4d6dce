/** The plan for what the repository holds now, with nothing applied: no fetch into place, no file written, no action. */
import { asFailure } from "../../failure.ts";
import type { Desired } from "../../model/desired.ts";
import type { Observation } from "../../model/observed.ts";
import type { Problem } from "../../model/problem.ts";
import { emptyMemory } from "../../model/memory.ts";
import { movedMemory, newNames, underNewNames } from "../../plan/moved.ts";
import { actionTitle } from "../../plan/action.ts";
import { type Plan, plan as makePlan } from "../../plan/plan.ts";
import { removeFetched } from "../../source/held/fetched_directory.ts";
import { createSource } from "../../source/open.ts";
import type { Device } from "../device.ts";
import { planInput } from "../pass.ts";
import { admission } from "./admit.ts";
import { readRevision } from "./read.ts";
import { withSecrets } from "./secrets.ts";
import { targetOf } from "./target.ts";

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
  prune_held: { names: string[]; message: string } | null;
  /** Workloads that nothing can be said about, and why. */
  unknown: { runtime: string; message: string }[];
}

export async function previewPlan(device: Device): Promise<PlanPreview> {
  const { desired, error } = await latest(device);
  const seen = await Promise.all([...device.runtimes.values()].map((runtime) => runtime.observe()));
  const names = newNames(desired, device.memory.all);
  const observations = underNewNames(seen, names);
  const memory = new Map(device.memory.all);
  for (const [from, to] of names) {
    memory.set(to, movedMemory(memory, { from, to }) ?? memory.get(to) ?? emptyMemory(to));
  }
  const plan = makePlan({ ...planInput(device), desired, observations, memory });
  return preview(plan, { desired, observations, error });
}

export function preview(
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
    prune_held: plan.pruneHeld,
    unknown: observations.flatMap((one) => one.ok ? [] : [{ runtime: one.runtime, message: one.message }]),
  };
}

async function latest(device: Device): Promise<{ desired: Device["desired"]; error: string | null }> {
  const gitDir = device.dir.preview;
  const signal = AbortSignal.any([device.stopped, AbortSignal.timeout(device.settings.repo.timeoutMs)]);
  try {
    // What it finds of trust is not remembered: nothing is to follow from a preview.
    const known = { memory: structuredClone(device.sourceMemory), source: device.source, target: targetOf(device) };
    const { settings: { trust }, clock } = device;
    const admit = admission({ trust, clock, known: () => known });
    const { diskReserveBytes } = device.settings.limits;
    const source = createSource(device.settings.repo, { gitDir, clock: device.clock, admit, diskReserveBytes });
    const head = await source.head(signal);
    if (device.desired?.revision === head) return { desired: device.desired, error: null };
    const refusal = device.processing.refusal(head);
    if (refusal !== null) throw refusal;
    const revision = await source.fetch(head, () => {}, signal);
    const read = await readRevision(revision, targetOf(device));
    return { desired: await withSecrets(read, device.vault), error: null };
  } catch (error) {
    return { desired: device.desired, error: asFailure(error).message };
  } finally {
    await removeFetched(gitDir);
  }
}
