/** Workloads as a manifest with nothing but the necessary gives them, for tests that build their own. */
import { containerOptions } from "../../src/model/container_options.ts";
import type { DockerWorkload, NativeWorkload, ProbeTiming, RestartPolicy } from "../../src/model/workload.ts";
import { rolloutPolicy } from "../../src/model/rollout_policy.ts";
import { restartPolicy } from "../../src/manifest/field/restart.ts";

export const ALWAYS: RestartPolicy = restartPolicy("always");
export const ON_FAILURE: RestartPolicy = restartPolicy("on-failure");
export const NEVER: RestartPolicy = restartPolicy("never");

export const TIMING: ProbeTiming = {
  intervalMs: 10_000,
  timeoutMs: 5000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: null,
  successThreshold: 1,
  onFailure: "restart",
};

const BASE = {
  description: "",
  enabled: true,
  suspend: false,
  replicas: 1,
  env: {},
  ports: [],
  user: null,
  workingDir: null,
  restart: ALWAYS,
  stopSignal: null,
  stopTimeoutMs: 10_000,
  health: null,
  minHealthyMs: 0,
  files: [],
  devices: [],
  gpus: null,
  onChange: { type: "restart" as const },
  resources: { memoryBytes: null, cpus: null, pids: null },
  logs: { maxBytes: 10 * 1024 * 1024, maxFiles: 0 },
  dependsOn: [],
  job: null,
  rollout: rolloutPolicy(),
  windows: [],
  drift: "repair" as const,
  movedFrom: null,
};

export function native(fields: Partial<NativeWorkload>): NativeWorkload {
  return {
    ...BASE,
    name: "web",
    manifest: `services/${fields.name ?? "web"}.toml`,
    kind: "service",
    runtime: "native",
    command: ["sleep"],
    artifact: null,
    group: null,
    supplementaryGroups: [],
    umask: null,
    nice: null,
    oomScoreAdj: null,
    limits: {},
    capabilities: [],
    noNewPrivileges: true,
    ...fields,
  };
}

export function docker(fields: Partial<DockerWorkload>): DockerWorkload {
  return {
    ...BASE,
    name: "web",
    manifest: `deployments/${fields.name ?? "web"}.toml`,
    kind: "deployment",
    runtime: "docker",
    image: "x:1",
    pinnedImage: null,
    pull: "missing",
    platform: null,
    imageUpdates: null,
    entrypoint: null,
    command: null,
    mounts: [],
    ...containerOptions(),
    ...fields,
  };
}
