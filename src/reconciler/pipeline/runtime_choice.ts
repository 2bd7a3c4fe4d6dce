/**
 * Which of its ways a workload takes now, and why. What it never does: take a workload out of a runtime, or start it
 * beside one, because that runtime does not answer. Whoever fell back stays until its spec changes or the owner asks
 * for a restart, so that a Docker that comes and goes moves nothing.
 */
import type { RuntimeOptions } from "../../model/desired.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance, Observation } from "../../model/instance.ts";
import type { RuntimeName, Workload } from "../../model/workload.ts";
import type { Blocked } from "./feasibility.ts";

/** What the owner of the device says of modes. */
export interface OperatorModes {
  /** By the name of a workload, above all else. */
  modes: Readonly<Record<string, RuntimeName>>;
  /** For workloads that do not say what they prefer; null: what their kind is made for. */
  defaultMode: RuntimeName | null;
}

export interface RuntimeChoiceInput {
  owner: OperatorModes;
  enabledRuntimes: readonly RuntimeName[];
  observations: readonly Observation[];
  /** Runtimes that have answered since the daemon started. */
  answered: ReadonlySet<RuntimeName>;
  /** Of this workload. */
  instances: readonly Instance[];
  state: WorkloadState | undefined;
  /** Whether the owner asked for a restart of it that has not begun. */
  isForced: boolean;
}

export interface RuntimeChoice {
  spec: Workload;
  /** What is shown; null when its manifest leaves no choice. */
  mode: { chosen: RuntimeName; reason: string } | null;
  /** The first choice, where it is here only because that could not be had; to be remembered with what is applied. */
  fellBackFrom: RuntimeName | null;
  /** Why nothing is to be done for it now; null for nothing. */
  blocked: Blocked | null;
}

export function chooseRuntime(choice: RuntimeOptions, input: RuntimeChoiceInput): RuntimeChoice {
  const name = choice.specs[0]!.name;
  const override = Object.hasOwn(input.owner.modes, name) ? input.owner.modes[name]! : null;
  const isImpossible = override !== null && !choice.specs.some((workload) => workload.runtime === override);
  const { first, because } = firstChoice(choice, { owner: input.owner, override: isImpossible ? null : override });
  const other = choice.specs.find((workload) => workload !== first);
  const taken = other === undefined ? { spec: first, fellBackFrom: null, reason: because } : weigh(first, other, {
    ...input,
    because,
  });
  const { spec, fellBackFrom, reason } = taken;
  const blocked: Blocked | null = isImpossible && spec.enabled
    ? {
      reason: "mode_unavailable",
      message: `the settings of the device ask for ${override}, and its manifest allows ${spec.runtime} alone`,
    }
    : unreachable(spec, input);
  return { spec, mode: other === undefined ? null : { chosen: spec.runtime, reason }, fellBackFrom, blocked };
}

/** The owner's word, else the manifest's, else the device's default, else what its kind is made for. */
function firstChoice(
  { specs, preferred }: RuntimeOptions,
  { owner, override }: { owner: OperatorModes; override: RuntimeName | null },
): { first: Workload; because: string } {
  const wishes: [RuntimeName | null, string][] = [
    [override, "the settings of the device say so"],
    [preferred, "its manifest prefers it"],
    [owner.defaultMode, "it is the default mode of the device"],
  ];
  for (const [wanted, because] of wishes) {
    const first = specs.find((spec) => spec.runtime === wanted);
    if (first !== undefined) return { first, because };
  }
  return { first: specs[0]!, because: `it is a ${specs[0]!.kind}` };
}

interface Taken {
  spec: Workload;
  fellBackFrom: RuntimeName | null;
  reason: string;
}

function weigh(first: Workload, other: Workload, input: RuntimeChoiceInput & { because: string }): Taken {
  const { state, instances, because } = input;
  const isEnabled = (spec: Workload) => input.enabledRuntimes.includes(spec.runtime);
  const take = (spec: Workload, reason: string, fellBackFrom: RuntimeName | null = null) => {
    return { spec, reason, fellBackFrom };
  };
  if (!isEnabled(other)) return take(first, because);
  if (!isEnabled(first)) return take(other, `the settings switch ${first.runtime} off`);

  const applied = state?.applied ?? null;
  const begun = mayRunIn(first.runtime, { spec: first, state });
  const isHere = applied?.workload.runtime === other.runtime;
  const fellBack = applied?.fellBackFrom === first.runtime;
  if (isOk(first.runtime, input)) {
    const stays = isHere && fellBack && applied.fingerprint === fingerprint(other) && !input.isForced &&
      !begun;
    return stays
      ? take(
        other,
        `${first.runtime} did not answer when it was started; it stays until it changes or is restarted`,
        first.runtime,
      )
      : take(first, because);
  }

  // From here on the first choice cannot be looked at: what may run there is not to be started a second time.
  if (begun) return take(first, because);
  if (isHere && !fellBack) return take(other, `${first.runtime} does not answer; it moves there when it does`);
  const fallback = take(other, `${first.runtime} does not answer`, first.runtime);
  if (isHere || instances.some((instance) => instance.runtime === other.runtime)) return fallback;
  if (input.answered.has(first.runtime) || !isOk(other.runtime, input)) return take(first, because);
  return fallback;
}

/** By what is remembered: applied there, or begun to be started there. */
function mayRunIn(
  runtime: RuntimeName,
  { spec, state }: { spec: Workload; state: WorkloadState | undefined },
): boolean {
  const begun = Object.entries(state?.slots ?? {}).filter(([slot]) => Number(slot) < spec.replicas);
  return state?.applied?.workload.runtime === runtime || begun.some(([, slot]) => slot.runtime === runtime);
}

/** A workload leaves a runtime only when it can be stopped there first. */
function unreachable(spec: Workload, input: RuntimeChoiceInput): Blocked | null {
  if (!spec.enabled) return null;
  const { state, enabledRuntimes } = input;
  const from = enabledRuntimes.find((runtime) =>
    runtime !== spec.runtime && !isOk(runtime, input) && mayRunIn(runtime, { spec, state })
  );
  if (from === undefined) return null;
  return { reason: "runtime_unknown", message: `moves from ${from} to ${spec.runtime} when ${from} answers` };
}

function isOk(runtime: RuntimeName, { observations }: RuntimeChoiceInput): boolean {
  return observations.some((observation) => observation.runtime === runtime && observation.ok);
}
