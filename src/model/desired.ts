/** What a revision asks of this device. */
import type { Kind, RuntimeName, Workload } from "./workload.ts";
import type { ReasonCode } from "./reason.ts";
import type { Problem } from "./problem.ts";

/** A manifest that cannot be applied. Its workload stays at its last applied spec; the others go on. */
export interface InvalidManifest {
  /** As far as it could be told: the manifest's name, else its file's. */
  name: string;
  kind: Kind;
  path: string;
  problems: Problem[];
}

/** The ways in which a workload may run. Where its manifest leaves no choice, one. */
export interface RuntimeOptions {
  /** One for each runtime that the manifest allows; at least one, that of its kind first. */
  specs: readonly Workload[];
  /** What the manifest prefers; null when it does not say. */
  preferred: RuntimeName | null;
}

/** What a valid manifest lacks on this device. */
export interface Unresolved {
  reason: ReasonCode;
  message: string;
  hint: string | null;
}

/** What git asks of HarborNode itself. */
export interface DesiredVersion {
  /** Null for none, or where it could not be read. */
  version: string | null;
  problems: Problem[];
}

/** In the place of a revision, for a checkout: it may hold what was never committed. */
export const CHECKOUT = "checkout";

export interface Desired {
  /** The commit id, 40 hexadecimal digits; for a folder without git, a digest of its content. */
  revision: string;
  /** Sorted by name; names are unique over both kinds. */
  workloads: Workload[];
  /** By name, of every one of `workloads` that was read from a manifest; absent where memory is all there is. */
  choices?: ReadonlyMap<string, RuntimeOptions>;
  invalid: InvalidManifest[];
  /**
   * By name, of those of `workloads` that something is missing for, like a secret: each stays as it was last applied.
   * Absent for none.
   */
  unresolved?: ReadonlyMap<string, Unresolved>;
  /** Absent where git says nothing of it. */
  daemon?: DesiredVersion;
  /** Names of valid manifests whose `on` does not choose this device. */
  notSelected: string[];
}
