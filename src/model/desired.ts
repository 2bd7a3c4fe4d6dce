/** What a revision asks of this device. */
import type { Kind, Workload } from "./workload.ts";
import type { Problem } from "./problem.ts";

/** A manifest that can't be applied. Its workload stays at its last applied spec; the others go on. */
export interface InvalidManifest {
  /** As far as it could be told: the manifest's name, else its file's. */
  name: string;
  kind: Kind;
  path: string;
  problems: Problem[];
}

export interface Desired {
  /** The commit id, 40 hexadecimal digits; for a folder without git, a digest of its content. */
  revision: string;
  /** Sorted by name; names are unique over both kinds. */
  workloads: Workload[];
  invalid: InvalidManifest[];
  /** Names of valid manifests whose `on` does not choose this device. */
  notSelected: string[];
}
