import assert from "node:assert/strict";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { JobRun } from "../../src/model/workload_state.ts";
import type { Health, Instance } from "../../src/model/instance.ts";
import type { Workload } from "../../src/model/workload.ts";
import { assessInstances } from "../../src/reconciler/pipeline/assess_instance.ts";
import { type ProgressInput, workloadProgress } from "../../src/reconciler/pipeline/workload_progress.ts";
import { statusSummary } from "../../src/status/workload_status.ts";
import { native, NEVER, ON_FAILURE, TIMING } from "../support/workload.ts";
import { instance as make } from "../reconciler/pipeline/model_device.ts";

const NOW = 2_000_000;

const WEB: Workload = native({
  command: ["web"],
  health: { ...TIMING, type: "tcp", port: { type: "fixed", port: 80 } },
});

interface Scene {
  spec?: Partial<Workload> | null;
  instances?: Partial<Instance>[];
  health?: Health;
  rest?: Partial<ProgressInput> & { operation?: string };
}

/** "sync phase health reason: message", and "; hint" where there is one. */
function check({ spec = {}, instances = [{}], health = "healthy", rest = {} }: Scene): string {
  const whole = spec === null ? null : { ...WEB, ...spec } as Workload;
  const found = instances.map((detail, slot) =>
    make(whole ?? WEB, { id: `i${slot}`, slot, fingerprint: fingerprint(whole ?? WEB), ...detail })
  );
  const { operation = null, ...input } = rest;
  const probedHealth = new Map(found.map((instance) => [instance.id, { health, since: 1 }]));
  const progress = workloadProgress({
    workload: {
      name: "web",
      kind: "service",
      spec: whole,
      revision: "a".repeat(40),
      invalid: null,
      gated: null,
      override: null,
      runtimeChoice: null,
      rollout: null,
    },
    instances: whole === null
      ? []
      : assessInstances(whole, { instances: found, state: rest.state, probedHealth, now: NOW }),
    observations: [{ runtime: "native", ok: true, instances: found }],
    enabledRuntimes: ["native"],
    state: undefined,
    retry: undefined,
    waiting: null,
    isOperating: operation !== null,
    now: NOW,
    ...input,
  });
  const { sync, phase, health: shown, reason, message, hint } = statusSummary(progress, operation);
  return `${sync} ${phase} ${shown} ${reason}: ${message}${hint === null ? "" : `; ${hint}`}`;
}

const exited = (exitCode: number | null, endedAt = NOW): Partial<Instance> => ({
  state: "exited",
  pid: null,
  exitCode,
  startedAt: NOW - 100,
  endedAt,
});
const INVALID = {
  name: "web",
  kind: "service" as const,
  path: "services/web.toml",
  problems: [{ file: "services/web.toml", field: "x", message: "is wrong" }],
};
const attempt = {
  fingerprint: fingerprint(WEB),
  failures: 1,
  isFinal: false,
  retryAt: NOW + 1,
  reason: "port_conflict" as const,
  message: "port 80 is taken by nginx (pid 7)",
  hint: "stop that program",
};
const streaking = {
  name: "web",
  applied: null,
  slots: { 0: { fingerprint: fingerprint(WEB), restarts: 3, streak: 3, lastExitCode: 1, recent: [] } },
};

const RUN: JobRun = {
  dueAt: NOW,
  fingerprint: fingerprint(WEB),
  instanceId: "i0",
  startedAt: NOW,
  endedAt: NOW,
  exitCode: 0,
  outcome: "succeeded",
};

const SCENES: [claim: string, scene: Scene, shown: string][] = [
  ["one that runs", {}, "synced running healthy running: runs"],
  [
    "one not known to be healthy yet",
    { health: "unknown" },
    "synced starting unknown starting: runs, and is not known to be healthy yet",
  ],
  [
    "one that fails its probe",
    { health: "unhealthy" },
    "synced degraded unhealthy unhealthy: does not pass its health check",
  ],
  ["one that is not there", { instances: [] }, "out-of-sync pending unknown waiting: is about to be started"],
  [
    "one that runs an older spec",
    { instances: [{ fingerprint: "old" }] },
    "out-of-sync running healthy waiting: runs, and is about to change",
  ],
  [
    "one that ended with success and is done",
    { spec: { restart: ON_FAILURE }, instances: [exited(0)] },
    "synced completed unknown completed: ended with exit code 0",
  ],
  [
    "one that ended badly and is not to be started again",
    { spec: { restart: NEVER }, instances: [exited(7)] },
    'synced failed unhealthy exit_nonzero: ended with exit code 7; restart = "never"',
  ],
  [
    "one that keeps ending",
    { instances: [exited(137)], rest: { state: streaking } },
    "synced backoff unhealthy crash_loop: ended with exit code 137 (killed by signal 9); it will be started again",
  ],
  [
    "one that is switched off",
    { spec: { enabled: false }, instances: [] },
    "synced stopped unknown disabled: switched off: enabled = false",
  ],
  [
    "one that is suspended",
    {
      rest: {
        workload: {
          name: "web",
          kind: "service",
          spec: WEB,
          revision: "a".repeat(40),
          invalid: null,
          gated: null,
          override: null,
          runtimeChoice: null,
          rollout: null,
          frozen: "applied",
        },
      },
    },
    "suspended running healthy suspended: git changes nothing of it: suspend = true",
  ],
  ["one frozen by hand", { instances: [{ state: "paused" }] }, "out-of-sync degraded unknown drift: is paused"],
  [
    "the worst of several",
    { spec: { replicas: 2 }, instances: [{}, { state: "paused" }] },
    "out-of-sync degraded unknown drift: instance 1 is paused",
  ],
  ["several", { spec: { replicas: 2 }, instances: [{}, {}] }, "synced running healthy running: 2 instances run"],
  [
    "one that cannot be started again",
    { instances: [exited(7)], rest: { retry: attempt, state: streaking } },
    "synced blocked unhealthy port_conflict: port 80 is taken by nginx (pid 7); stop that program",
  ],
  [
    "one that runs, and was refused something before",
    { rest: { retry: attempt } },
    "synced running healthy running: runs",
  ],
  [
    "a job whose next run cannot begin",
    {
      spec: { job: { schedule: "* * * * *", timezone: null, overlap: "skip", missed: "once", timeoutMs: null } },
      instances: [exited(0)],
      rest: { retry: attempt, state: { ...streaking, job: { seenUntil: NOW, runs: [RUN] } } },
    },
    "synced blocked healthy port_conflict: port 80 is taken by nginx (pid 7); stop that program",
  ],
  [
    "a job whose run was stopped for the next one",
    {
      spec: { job: { schedule: null, timezone: null, overlap: "replace", missed: "once", timeoutMs: null } },
      instances: [],
      rest: {
        state: { ...streaking, job: { seenUntil: NOW, runs: [{ ...RUN, exitCode: 143, outcome: "replaced" }] } },
      },
    },
    "out-of-sync pending unknown waiting: is about to run",
  ],
  [
    "one that cannot be started",
    { instances: [], rest: { retry: attempt } },
    "out-of-sync blocked unknown port_conflict: port 80 is taken by nginx (pid 7); stop that program",
  ],
  [
    "one whose runtime is down",
    {
      rest: {
        observations: [{
          runtime: "native",
          ok: false,
          reason: "docker_unavailable",
          message: "Docker does not answer",
        }],
      },
    },
    "unknown blocked unknown docker_unavailable: Docker does not answer",
  ],
  [
    "one whose runtime is switched off",
    { rest: { enabledRuntimes: ["docker"] } },
    "unknown blocked unknown runtime_disabled: the settings switch the native runtime off",
  ],
  [
    "one being worked on",
    { instances: [], rest: { operation: "pulling nginx:1: 4 of 60 MB" } },
    "out-of-sync pending unknown starting: pulling nginx:1: 4 of 60 MB",
  ],
];

for (const [claim, scene, shown] of SCENES) {
  Deno.test(`condition of ${claim}`, () => assert.equal(check(scene), shown));
}

Deno.test("condition of an invalid manifest names the file, and what it stays at", () => {
  const rest: Partial<ProgressInput> = {
    workload: {
      name: "web",
      kind: "service",
      spec: WEB,
      revision: "c".repeat(40),
      invalid: INVALID,
      gated: null,
      override: null,
      runtimeChoice: null,
      rollout: null,
    },
  };
  assert.equal(
    check({ rest }),
    "out-of-sync invalid healthy invalid_manifest: services/web.toml has 1 problem; it stays as revision ccccccc has it",
  );
  assert.equal(
    check({
      rest: {
        workload: {
          name: "web",
          kind: "service",
          spec: null,
          revision: null,
          invalid: INVALID,
          gated: null,
          override: null,
          runtimeChoice: null,
          rollout: null,
        },
      },
      instances: [],
    }),
    "out-of-sync invalid unknown invalid_manifest: services/web.toml has 1 problem; nothing of it was ever applied",
  );
});
