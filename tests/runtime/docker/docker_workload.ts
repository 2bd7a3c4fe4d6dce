import type { DockerWorkload } from "../../../src/model/workload.ts";
import { docker } from "../../support/workload.ts";

/** With defaults as the manifest's, and nothing that needs a moment to stop. */
export function dockerWorkload(fields: Partial<DockerWorkload> & { name: string; image: string }): DockerWorkload {
  return docker(fields);
}
