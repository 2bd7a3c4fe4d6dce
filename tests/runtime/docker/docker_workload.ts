import type { DockerWorkload } from "../../../src/model/workload.ts";

/** With defaults as the manifest's, and nothing that needs a moment to stop. */
export function dockerWorkload(fields: Partial<DockerWorkload> & { name: string; image: string }): DockerWorkload {
  return {
    kind: "deployment",
    runtime: "docker",
    description: "",
    manifest: `deployments/${fields.name}.toml`,
    enabled: true,
    suspend: false,
    replicas: 1,
    env: {},
    ports: [],
    user: null,
    workingDir: null,
    restart: "always",
    stopSignal: "SIGTERM",
    stopTimeoutMs: 10_000,
    health: null,
    files: [],
    resources: { memoryBytes: null, cpus: null, pids: null },
    entrypoint: null,
    command: null,
    mounts: [],
    ...fields,
  };
}
