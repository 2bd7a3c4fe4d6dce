/** What every step in the life of a container needs. */
import type { DockerWorkload } from "../../model/workload.ts";
import type { StartRequest } from "../runtime.ts";
import type { Containers } from "./observed_containers.ts";
import type { Engine } from "./engine.ts";
import type { Networks } from "./network/networks.ts";
import type { MountSources } from "./request/mount_request.ts";
import type { RestartPolicies } from "./delegated_restart_policy.ts";
import type { Volumes } from "./volume/volumes.ts";

export interface LifecycleContext {
  engine: Engine;
  containers: Containers;
  networks: Networks;
  volumes: Volumes;
  grants: RestartPolicies;
  deviceId: string;
}

export type DockerStartRequest = StartRequest & Pick<MountSources, "hostPaths"> & {
  workload: DockerWorkload;
  /** Directory of its files with secrets; null for none. */
  credentialsDir: string | null;
};
