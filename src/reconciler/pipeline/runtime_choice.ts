/**
 * Choice of the runtime for a workload that may run in several, with the reason. Never moves a workload out of a runtime
 * that does not answer, nor starts it elsewhere beside it. A workload that fell back stays there until its spec changes
 * or the operator restarts it, so that an unreliable Docker moves nothing.
 */
import type { RuntimeOptions } from "../../model/desired.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance, Observation } from "../../model/instance.ts";
import type { RuntimeName, Workload } from "../../model/workload.ts";
import type { Blocked } from "./blocked.ts";

/** Runtimes that the operator set in the settings of the device. */
export interface OperatorModes {
  /** Runtime by workload name. Takes precedence over everything else. */
  modes: Readonly<Record<string, RuntimeName>>;
  /** Runtime for manifests without a preference; null for the runtime of their kind. */
  defaultMode: RuntimeName | null;
}

export interface RuntimeChoiceInput {
  owner: OperatorModes;
  enabledRuntimes: readonly RuntimeName[];
  observations: readonly Observation[];
  /** Runtimes that have answered since the daemon started. */
  answered: ReadonlySet<RuntimeName>;
  /** Instances of this workload. */
  instances: readonly Instance[];
  state: WorkloadState | undefined;
  /** The operator asked for a restart that has not begun. */
  isForced: boolean;
}

export interface RuntimeChoice {
  spec: Workload;
  /** Chosen runtime and reason for status; null when the manifest allows only one. */
  mode: { chosen: RuntimeName; reason: string } | null;
  /** Preferred runtime, when this one is only a fallback; persisted with the applied spec. Null otherwise. */
  fellBackFrom: RuntimeName | null;
  /** Reason why nothing is done for the workload now; null for none. */
  blocked: Blocked | null;
}

/** Chooses one of the runtimes that the manifest allows. */
export function chooseRuntime(choice: RuntimeOptions, input: RuntimeChoiceInput): RuntimeChoice {
  const name = choice.specs[0]!.name;
  const override = Object.hasOwn(input.owner.modes, name) ? input.owner.modes[name]! : null;
  const isImpossible = override !== null && !choice.specs.some((workload) => workload.runtime === override);
  const preference = preferredSpec(choice, { owner: input.owner, override: isImpossible ? null : override });
  const other = choice.specs.find((workload) => workload !== preference.spec);
  const { spec, fellBackFrom, reason } = other === undefined
    ? { ...preference, fellBackFrom: null }
    : preferredOrFallback(preference, other, input);
  const blocked: Blocked | null = isImpossible && spec.enabled
    ? {
      reason: "mode_unavailable",
      message: `the settings of the device ask for ${override}, and its manifest allows ${spec.runtime} alone`,
    }
    : unreachable(spec, input);
  return { spec, mode: other === undefined ? null : { chosen: spec.runtime, reason }, fellBackFrom, blocked };
}

/** Applies, in this order: the operator's setting, the manifest's preference, the device's default, the kind's runtime. */
function preferredSpec(
  { specs, preferred }: RuntimeOptions,
  { owner, override }: { owner: OperatorModes; override: RuntimeName | null },
): Preference {
  const preferences: [RuntimeName | null, string][] = [
    [override, "the settings of the device say so"],
    [preferred, "its manifest prefers it"],
    [owner.defaultMode, "it is the default mode of the device"],
  ];
  for (const [runtime, reason] of preferences) {
    const spec = specs.find((option) => option.runtime === runtime);
    if (spec !== undefined) return { spec, reason };
  }
  return { spec: specs[0]!, reason: `it is a ${specs[0]!.kind}` };
}

interface Preference {
  spec: Workload;
  reason: string;
}

function preferredOrFallback(
  { spec: first, reason: preference }: Preference,
  other: Workload,
  input: RuntimeChoiceInput,
): Preference & { fellBackFrom: RuntimeName | null } {
  const { state, instances } = input;
  const isEnabled = (spec: Workload) => input.enabledRuntimes.includes(spec.runtime);
  const take = (spec: Workload, reason: string, fellBackFrom: RuntimeName | null = null) => {
    return { spec, reason, fellBackFrom };
  };
  if (!isEnabled(other)) return take(first, preference);
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
      : take(first, preference);
  }

  // The preferred runtime cannot be observed: a workload that may run there must not be started a second time.
  if (begun) return take(first, preference);
  if (isHere && !fellBack) return take(other, `${first.runtime} does not answer; it moves there when it does`);
  const fallback = take(other, `${first.runtime} does not answer`, first.runtime);
  if (isHere || instances.some((instance) => instance.runtime === other.runtime)) return fallback;
  if (input.answered.has(first.runtime) || !isOk(other.runtime, input)) return take(first, preference);
  return fallback;
}

/** True when the workload state says that the spec was applied, or its start was begun, in this runtime. */
function mayRunIn(
  runtime: RuntimeName,
  { spec, state }: { spec: Workload; state: WorkloadState | undefined },
): boolean {
  const begun = Object.entries(state?.slots ?? {}).filter(([slot]) => Number(slot) < spec.replicas);
  return state?.applied?.workload.runtime === runtime || begun.some(([, slot]) => slot.runtime === runtime);
}

/** Blocks a move out of a runtime that does not answer: the workload must be stopped there first. */
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
