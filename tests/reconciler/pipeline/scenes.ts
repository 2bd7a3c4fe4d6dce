/**
 * Generated inputs of the planner that reach every stage: policies, windows, overrides, rollouts, jobs, dependencies,
 * drift and retries, on devices as accidents leave them. Few names and versions, so that they collide.
 */
import fc from "fast-check";
import type { Desired } from "../../../src/model/desired.ts";
import { fingerprint, rolloutDigest } from "../../../src/model/fingerprint.ts";
import type { Instance, InstanceState, Observation } from "../../../src/model/instance.ts";
import type { MaintenanceWindow } from "../../../src/model/maintenance_window.ts";
import { ALLOW_ALL } from "../../../src/model/policy/allow_all.ts";
import type { QuarantinedSpec, RolloutState } from "../../../src/model/rollout.ts";
import { rolloutPolicy } from "../../../src/model/rollout_policy.ts";
import type { Job, RuntimeName, Workload, WorkloadFile } from "../../../src/model/workload.ts";
import type { JobRun, JobState, SlotState, WorkloadState } from "../../../src/model/workload_state.ts";
import type { PlanInput } from "../../../src/reconciler/pipeline/plan_input.ts";
import type { RetryState } from "../../../src/reconciler/pipeline/retry_state.ts";
import { ALWAYS, docker, native, NEVER, ON_FAILURE, TIMING } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

export const NOW = Date.UTC(2026, 5, 1, 12, 0, 30);
const REVISION = "b".repeat(40);
const BEFORE = "a".repeat(40);
const NAMES = ["api", "db", "web"] as const;
type Name = typeof NAMES[number];

/** True once in `n` cases. Not by a number: fast-check prefers small ones. */
const once = (n: number) => fc.constantFrom(true, ...Array.from({ length: n - 1 }, () => false));
/** `value` in `percent` of the cases. */
const maybe = <T>(value: fc.Arbitrary<T>, percent: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: percent, arbitrary: value }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });
/** Mostly in the past; in the future after the clock was set back. */
const ago = fc.constantFrom(0, 100, 1000, 1000, 20_000, 20_000, 90_000, 90_000, 4_000_000, -50_000, -1e9).map((ms) =>
  NOW - ms
);

const job: fc.Arbitrary<Job> = fc.record({
  schedule: fc.constantFrom(null, "* * * * *", "0 0 1 1 *"),
  timezone: fc.constant(null),
  overlap: fc.constantFrom("skip" as const, "replace" as const),
  missed: fc.constantFrom("once" as const, "skip" as const),
  timeoutMs: fc.constantFrom(null, 10_000),
});

const RESTARTS = [ALWAYS, ON_FAILURE, NEVER, { ...ALWAYS, maxRestarts: 2 }];
const PROBE = { ...TIMING, type: "tcp" as const, port: { type: "fixed" as const, port: 80 } };

const fields = fc.record({
  enabled: once(6).map((value) => !value),
  suspend: once(8),
  replicas: fc.constantFrom(1, 1, 1, 1, 2, 3),
  restart: fc.constantFrom(...RESTARTS),
  health: fc.constantFrom(null, PROBE, { ...PROBE, onFailure: "stop" as const }, {
    ...PROBE,
    onFailure: "alert" as const,
  }, { ...TIMING, type: "image" as const }),
  minHealthyMs: fc.constantFrom(0, 0, 5000),
  drift: fc.constantFrom("repair" as const, "repair" as const, "report" as const, "off" as const),
  onChange: fc.constantFrom({ type: "restart" as const }, { type: "signal" as const, signal: "SIGHUP" as const }),
  files: fc.constantFrom<WorkloadFile[]>([], [{ path: "a", oid: "1".repeat(40), executable: false }], [
    { path: "a", oid: "2".repeat(40), executable: false },
  ]),
  rollout: fc.record({
    strategy: fc.constantFrom(null, "recreate" as const, "start-first" as const, "rolling" as const),
    scope: fc.constantFrom(null, null, "revision" as const),
    maxParallel: fc.constantFrom(1, 2),
  }).map((policy) => rolloutPolicy({ ...policy, deadlineMs: 60_000 })),
  job: maybe(job, 15).map((job) => job ?? null),
  dependsOn: fc.array(
    fc.record({
      name: fc.constantFrom(...NAMES, "other"),
      condition: fc.constantFrom("started" as const, "healthy" as const, "completed" as const),
      restart: fc.boolean(),
    }).map(({ restart, ...dependency }) => restart ? { ...dependency, restart: true as const } : dependency),
    { maxLength: 1 },
  ),
  ports: fc.constantFrom(0, 0, 1, 2).map((count) =>
    Array.from({ length: count }, (_, index) => {
      const number = 8000 + index;
      return { name: null, hostAddress: "0.0.0.0", host: number, container: number, protocol: "tcp" as const };
    })
  ),
  resources: fc.constantFrom(null, 60).map((memoryBytes) => ({ memoryBytes, cpus: null, pids: null })),
  windows: fc.constantFrom<MaintenanceWindow[]>([], [], [], [], [
    { kind: "deny" as const, schedule: "* * * * *", durationMs: 120_000, timezone: null },
  ]),
  env: fc.constantFrom("1", "1", "2").map((version) => ({ VERSION: version })),
  prune: fc.constantFrom(undefined, undefined, "stop" as const, "keep" as const),
});

const specOf = (name: Name): fc.Arbitrary<Workload> =>
  fc.record({
    isNative: fc.boolean(),
    imageUpdates: fc.constantFrom(null, { intervalMs: 1000, cooldownMs: 50_000 }),
    fields,
  }).map(({ isNative, imageUpdates, fields: { prune, job, ...rest } }) => {
    const all = { ...rest, job, ...(prune === undefined ? {} : { prune }), name };
    return isNative ? native(all) : docker({ ...all, imageUpdates });
  });

interface Specs {
  desired: Workload;
  /** What was asked for before: the same in most cases, another version, or something else altogether. */
  before: Workload;
}

const specsOf = (name: Name): fc.Arbitrary<Specs> =>
  fc.record({
    desired: specOf(name),
    other: specOf(name),
    relation: fc.constantFrom("same", "same", "version", "other"),
  })
    .map(({ desired, other, relation }) => ({
      desired,
      before: relation === "same" ? desired : relation === "version" ? { ...desired, env: { VERSION: "0" } } : other,
    }));

const STATES: InstanceState[] = ["running", "running", "running", "exited", "exited", "created", "paused", "stopping"];

const instancesOf = ({ desired, before }: Specs): fc.Arbitrary<Instance[]> =>
  fc.array(
    fc.record({
      spec: fc.constantFrom(desired, desired, before),
      slot: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2),
      state: fc.constantFrom(...STATES),
      startedAt: ago,
      ranMs: fc.constantFrom(0, 100, 60_000),
      exitCode: fc.constantFrom(0, 1, 137, null),
      runtimeHealth: fc.constantFrom(null, null, "starting" as const, "healthy" as const, "unhealthy" as const),
      flags: fc.record({ ownVolumes: once(6), canary: once(6), altered: once(6), stoppedByHand: once(6) }),
    }),
    { maxLength: 3 },
  ).map((list) =>
    list.map(({ spec, slot, state, startedAt, ranMs, exitCode, runtimeHealth, flags }, index) =>
      instance(spec, {
        id: `${spec.name}-${index}`,
        slot,
        state,
        startedAt: state === "created" ? null : startedAt,
        endedAt: state === "exited" ? Math.min(NOW, startedAt + ranMs) : null,
        exitCode: state === "exited" ? exitCode : null,
        runtimeHealth: spec.runtime === "docker" ? runtimeHealth : null,
        ...(flags.ownVolumes ? { ownVolumes: ["/data"] } : {}),
        ...(flags.canary ? { canary: true } : {}),
        ...(flags.altered ? { altered: "its memory limit was changed" } : {}),
        ...(flags.stoppedByHand ? { stoppedByHand: true } : {}),
      })
    )
  );

const slotState = ({ desired, before }: Specs): fc.Arbitrary<SlotState> =>
  fc.record({
    fingerprint: fc.constantFrom(desired, desired, before).map(fingerprint),
    restarts: fc.constantFrom(0, 1, 4),
    streak: fc.constantFrom(0, 1, 3),
    lastExitCode: fc.constant(null),
    recent: fc.array(ago, { maxLength: 2 }),
    halted: once(8),
  }).map(({ halted, ...slot }) => halted ? { ...slot, halted: "unhealthy" as const } : slot);

const jobState = ({ desired, before }: Specs): fc.Arbitrary<JobState> =>
  fc.record({
    seenUntil: ago,
    runs: fc.array(
      fc.record<JobRun>({
        dueAt: ago,
        fingerprint: fc.constantFrom(desired, before).map(fingerprint),
        instanceId: fc.constantFrom(`${desired.name}-0`, `${desired.name}-1`, null),
        startedAt: fc.option(ago),
        endedAt: fc.option(ago),
        exitCode: fc.constantFrom(null, 0, 1),
        outcome: fc.constantFrom("running", "succeeded", "failed", "timeout", "replaced", "stopped", "skipped"),
      }),
      { maxLength: 2 },
    ),
  });

const rollouts = ({ desired, before }: Specs): fc.Arbitrary<RolloutState> =>
  fc.record({
    versions: fc.subarray([before, desired]).map((specs) =>
      specs.filter((spec) => spec.job === null).map((workload) => ({
        workload,
        fingerprint: fingerprint(workload),
        revision: workload === desired ? REVISION : BEFORE,
        healthyAt: 0,
      }))
    ),
    underWay: maybe(
      fc.record({
        fingerprint: fc.constantFrom(desired, desired, before).map(fingerprint),
        revision: fc.constantFrom(REVISION, BEFORE),
        reason: fc.constant("spec_changed" as const),
        message: fc.constant("env.VERSION changed"),
        startedAt: ago,
        failed: once(3),
      }),
      60,
    ),
    refused: maybe(
      fc.record({
        spec: fc.constantFrom(desired, desired, before),
        target: fc.constantFrom(fingerprint(before), fingerprint(before), ""),
        by: fc.constantFrom<QuarantinedSpec["by"]>("health", "owner", "revision"),
        state: fc.constantFrom<QuarantinedSpec["state"]>("going-back", "back", "failed"),
        at: ago,
      }),
      25,
    ),
  }).map(({ versions, underWay, refused }) => {
    const state: RolloutState = { versions, history: [] };
    if (underWay !== undefined) {
      const { failed, ...rollout } = underWay;
      const failure = { reason: "health_timeout" as const, message: "was not healthy within 1m" };
      state.underWay = failed ? { ...rollout, failed: failure } : rollout;
    }
    if (refused !== undefined) {
      const { spec, ...rest } = refused;
      const found = { digest: rolloutDigest(spec), fingerprint: fingerprint(spec), revision: REVISION };
      state.refused = { ...rest, ...found, reason: "health_timeout", message: "was not healthy within 1m" };
    }
    return state;
  });

const stateOf = (specs: Specs): fc.Arbitrary<WorkloadState> => {
  const { desired, before } = specs;
  return fc.record({
    applied: maybe(
      fc.record({
        workload: fc.constantFrom(desired, before, { ...desired, files: [] }),
        revision: fc.constantFrom(REVISION, BEFORE),
      }).map(({ workload, revision }) => ({ workload, revision, fingerprint: fingerprint(workload) })),
      80,
    ),
    slots: fc.array(maybe(slotState(specs), 70), { maxLength: 3 }),
    job: maybe(jobState(specs), 80),
    rollouts: maybe(rollouts(specs), 70),
    drift: maybe(fc.record({ repairs: fc.array(ago, { maxLength: 4 }) }), 30),
    image: maybe(fc.record({ base: fc.constant("sha256:0"), digest: fc.constantFrom(null, "sha256:1"), at: ago }), 30),
    goneSince: maybe(fc.constantFrom(NOW - 1000, NOW - 1_000_000, null), 20),
    override: maybe(
      fc.record({
        action: fc.constantFrom("suspend" as const, "stop" as const, "start" as const),
        since: fc.constantFrom(NOW - 5000, NOW - 5000, NOW + 1e9),
        until: fc.constantFrom(null, NOW + 5000, NOW - 1000),
        ended: once(6),
      }).map(({ ended, ...override }) => ended ? { ...override, ended: true } : override),
      20,
    ),
  }).map(({ slots, job, rollouts, drift, image, goneSince, override, applied }) => ({
    name: desired.name,
    applied: applied ?? null,
    slots: Object.fromEntries(slots.flatMap((slot, index) => slot === undefined ? [] : [[index, slot]])),
    ...(job === undefined ? {} : { job }),
    ...(rollouts === undefined ? {} : { rollouts }),
    ...(drift === undefined ? {} : { drift }),
    ...(image === undefined ? {} : {
      image: {
        reference: "x:1",
        base: image.base,
        digest: image.digest,
        seen: { digest: "sha256:2", at: image.at },
      },
    }),
    ...(goneSince === undefined ? {} : { goneSince }),
    ...(override === undefined ? {} : { override }),
  }));
};

const retryOf = ({ desired, before }: Specs): fc.Arbitrary<RetryState> =>
  fc.record({
    fingerprint: fc.constantFrom(desired, desired, before).map(fingerprint),
    failures: fc.constantFrom(1, 2, 3),
    isFinal: fc.boolean(),
    retryAt: fc.constantFrom(NOW - 1, NOW + 5000),
    failedAt: fc.constantFrom(0, NOW - 1000, NOW + 4000),
    reason: fc.constantFrom(
      "port_conflict" as const,
      "reload_failed" as const,
      "policy_denied" as const,
      "disk_full" as const,
    ),
    message: fc.constant("port 80 is in use"),
    hint: fc.constantFrom(null, "stop that program"),
  });

interface WorkloadScene {
  name: Name;
  specs: Specs;
  alternative: Workload | undefined;
  asked: "valid" | "valid" | "invalid" | "deleted";
  isUnresolved: boolean;
  instances: Instance[];
  state: WorkloadState | undefined;
  retry: RetryState | undefined;
  isBusy: boolean;
  isForced: boolean;
  health: "healthy" | "unhealthy" | "unknown";
  hasBeenHealthy: boolean;
  healthSince: number;
}

const workloadScene = (name: Name): fc.Arbitrary<WorkloadScene> =>
  specsOf(name).chain((specs) =>
    fc.record<WorkloadScene>({
      name: fc.constant(name),
      specs: fc.constant(specs),
      alternative: maybe(fc.constant(otherRuntime(specs.desired)), 25),
      asked: fc.constantFrom("valid", "valid", "valid", "valid", "invalid", "deleted"),
      isUnresolved: once(12),
      instances: instancesOf(specs),
      state: maybe(stateOf(specs), 85),
      retry: maybe(retryOf(specs), 25),
      isBusy: once(12),
      isForced: once(10),
      health: fc.constantFrom("healthy", "healthy", "unhealthy", "unknown"),
      hasBeenHealthy: fc.boolean(),
      healthSince: ago,
    })
  );

/** The same workload for the other runtime, as a manifest that allows both gives it. */
function otherRuntime(spec: Workload): Workload {
  const { name, env, replicas, restart, enabled, suspend } = spec;
  const fields = { name, env, replicas, restart, enabled, suspend, kind: spec.kind };
  return spec.runtime === "native" ? docker(fields) : native(fields);
}

const device = fc.record({
  runtimes: fc.constantFrom<RuntimeName[]>(["native", "docker"], ["native", "docker"], ["native"]),
  isDockerDown: once(8),
  policy: fc.constantFrom(ALLOW_ALL, ALLOW_ALL, { ...ALLOW_ALL, runtimes: ["native" as const] }, {
    ...ALLOW_ALL,
    maxWorkloads: 2,
  }),
  windows: fc.constantFrom<MaintenanceWindow[] | null>([], [], null, [
    { kind: "deny" as const, schedule: "* * * * *", durationMs: 120_000, timezone: null },
  ], [{ kind: "allow" as const, schedule: "0 3 * * *", durationMs: 120_000, timezone: null }]),
  memoryBytes: fc.constantFrom(null, 100),
  rolloutScope: fc.constantFrom("workload" as const, "workload" as const, "revision" as const),
  quarantined: fc.constantFrom(null, null, null, REVISION, BEFORE),
  graceMs: fc.constantFrom(0, 60_000),
  pruneDoubt: fc.constantFrom(null, null, "the branch changed"),
  pruneConfirmed: fc.constantFrom(null, REVISION),
  clockDoubt: fc.constantFrom(null, null, null, "the clock is wrong"),
  clockSetAt: fc.constantFrom(undefined, undefined, NOW, NOW - 2000, NOW - 50_000),
  earliestNow: fc.constantFrom(NOW, NOW - 3000, NOW + 7000),
  since: fc.constantFrom(0, NOW - 10_000),
  defaultMode: fc.constantFrom(null, "docker" as const),
  answeringForMs: fc.constantFrom(1000, 10_000_000),
});

export const scenes: fc.Arbitrary<PlanInput> = fc.tuple(
  device,
  fc.constantFrom<Name[]>([...NAMES], [...NAMES], ["api", "web"], ["web"]).chain((names) =>
    fc.tuple(...names.map(workloadScene))
  ),
).map(([device, workloads]) => planInput(device, workloads));

function planInput(
  { runtimes, isDockerDown, quarantined, defaultMode, answeringForMs, ...rest }: Device,
  workloads: readonly WorkloadScene[],
): PlanInput {
  const instances = workloads.flatMap((workload) => workload.instances);
  const isDown = (runtime: RuntimeName) => runtime === "docker" && isDockerDown;
  const observations = runtimes.map((runtime): Observation =>
    isDown(runtime)
      ? { runtime, ok: false, reason: "docker_unavailable", message: "Docker does not answer" }
      : { runtime, ok: true, instances: instances.filter((instance) => instance.runtime === runtime) }
  );
  const answering = runtimes.filter((runtime) => !isDown(runtime));
  const forced = workloads.filter((workload) => workload.isForced)
    .flatMap(({ name, instances }) => instances.length === 0 ? [name] : instances.map(({ id }) => id));
  return {
    ...rest,
    desired: desiredOf(workloads),
    observations,
    enabledRuntimes: runtimes,
    answered: new Set(answering),
    answeringSince: new Map(answering.map((runtime) => [runtime, NOW - answeringForMs])),
    owner: { modes: {}, defaultMode },
    states: new Map(workloads.flatMap(({ name, state }) => state === undefined ? [] : [[name, state]])),
    retries: new Map(workloads.flatMap(({ name, retry }) => retry === undefined ? [] : [[name, retry]])),
    busy: new Set(workloads.filter((workload) => workload.isBusy).map(({ name }) => name)),
    forcedRestarts: new Set(forced),
    probedHealth: new Map(
      workloads.flatMap(({ instances, health, hasBeenHealthy, healthSince }) =>
        instances.map(({ id }) => [id, { health, hasBeenHealthy, since: healthSince }])
      ),
    ),
    quarantinedRevision: quarantined === null ? null : { revision: quarantined, message: "web failed" },
    now: NOW,
  };
}

type Device = typeof device extends fc.Arbitrary<infer T> ? T : never;

function desiredOf(workloads: readonly WorkloadScene[]): Desired {
  const valid = workloads.filter(({ asked }) => asked === "valid");
  const choices = valid.flatMap(({ name, specs, alternative }) =>
    alternative === undefined ? [] : [[name, { specs: [specs.desired, alternative], preferred: null }] as const]
  );
  const missing = { reason: "secret_unresolved" as const, message: "its secret is missing", hint: null };
  const unresolved = valid.filter(({ isUnresolved }) => isUnresolved).map(({ name }) => [name, missing] as const);
  return {
    revision: REVISION,
    workloads: valid.map(({ specs }) => specs.desired),
    choices: new Map(choices),
    unresolved: new Map(unresolved),
    invalid: workloads.filter(({ asked }) => asked === "invalid").map(({ name, specs }) => ({
      name,
      kind: specs.desired.kind,
      path: specs.desired.manifest,
      problems: [{ file: specs.desired.manifest, field: "x", message: "is wrong" }],
    })),
    notSelected: [],
  };
}
