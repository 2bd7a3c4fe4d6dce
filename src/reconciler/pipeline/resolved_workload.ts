/** A workload that the device should run, with the spec that counts for it now. */
import type { InvalidManifest } from "../../model/desired.ts";
import type { Override } from "../../model/override.ts";
import type { Kind, Workload } from "../../model/workload.ts";
import type { Gated } from "./blocked.ts";
import type { RolloutDecision } from "./rollout/evaluate_rollout.ts";
import type { RuntimeChoice } from "./runtime_choice.ts";

export interface ResolvedWorkload {
  name: string;
  kind: Kind;
  /** Spec that counts now; null when it would be the last applied one, and there is none. */
  spec: Workload | null;
  /** Revision that `spec` came with. */
  revision: string | null;
  /** Set when the manifest has problems: `spec` is the last applied one. */
  invalid: InvalidManifest | null;
  /** Set when a gate is closed: `spec` is the last applied one. */
  gated: Gated | null;
  /**
   * Set when git changes nothing of the workload, because the operator or its manifest suspends it. "applied": `spec` is
   * the last applied one, and is kept running. "untouched": nothing was ever applied, as far as is known, and nothing is
   * done.
   */
  frozen?: "applied" | "untouched" | undefined;
  /** Operator's override, which `spec` already contains; null for none. */
  override: Override | null;
  /** Choice of the runtime; null for a stored spec. */
  runtimeChoice: RuntimeChoice | null;
  /** Rollout or rollback; null for a stored spec. */
  rollout: RolloutDecision | null;
}
