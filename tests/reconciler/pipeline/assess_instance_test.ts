/** Assessment of one instance, as a table: phase, health, readiness, restart, drift. */
import assert from "node:assert/strict";
import type { Instance } from "../../../src/model/instance.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { newState, type SlotState, type WorkloadState } from "../../../src/model/workload_state.ts";
import { assessInstances } from "../../../src/reconciler/pipeline/assess_instance.ts";
import { docker, native, NEVER, ON_FAILURE, TIMING } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const NOW = 1_000_000;
const WEB = native({ health: { ...TIMING, type: "tcp", port: { type: "fixed", port: 80 } } });
const FILES = [{ path: "a", oid: "1".repeat(40), executable: false }];

interface Case {
  spec?: Workload;
  detail?: Partial<Instance>;
  health?: "healthy" | "unhealthy" | "unknown";
  hasBeenHealthy?: boolean;
  slot?: Partial<SlotState>;
  applied?: Workload;
}

/** "running healthy, current, ready; restart again" */
function assess({ spec = WEB, detail = {}, health = "healthy", hasBeenHealthy = false, slot, applied }: Case): string {
  const found = instance(spec, { id: "i", slot: 0, ...detail });
  const state: WorkloadState = newState("web");
  const { fingerprint } = found;
  if (slot !== undefined) {
    state.slots[0] = { fingerprint, restarts: 0, streak: 0, lastExitCode: null, recent: [], ...slot };
  }
  if (applied !== undefined) state.applied = { workload: applied, fingerprint, revision: "r" };
  const probedHealth = new Map([["i", { health, hasBeenHealthy, since: 0 }]]);
  const [assessed] = assessInstances(spec, { instances: [found], state, probedHealth, now: NOW });
  const { phase, phaseHealth, isCurrent, isReady, hasSucceeded, restart, drift, oldFiles, exit } = assessed!;
  const marks = [
    ...isCurrent ? ["current"] : [],
    ...isReady ? ["ready"] : [],
    ...hasSucceeded ? ["succeeded"] : [],
    ...oldFiles === null ? [] : ["old files"],
    ...drift === null ? [] : [drift],
    ...exit === "" ? [] : [exit],
    ...assessed!.hasBeenHealthy ? ["was healthy"] : [],
  ];
  const delayed = assessed!.restartDelayedUntil;
  return `${phase} ${phaseHealth}: ${marks.join(", ")}; ${restart.type}${
    delayed === null ? "" : ` in ${delayed - NOW} ms`
  }`;
}

const exited = (exitCode: number | null, endedAt = NOW): Partial<Instance> => {
  return { state: "exited", pid: null, exitCode, startedAt: NOW - 100, endedAt };
};
const SIGNALED = native({ onChange: { type: "signal", signal: "SIGHUP" }, files: FILES });

const CASES: [claim: string, of: Case, assessed: string][] = [
  ["one that runs and is healthy", {}, "running healthy: current, ready; again"],
  ["one that is unhealthy", { health: "unhealthy" }, "degraded unhealthy: current; again"],
  ["one whose health is unknown", { health: "unknown" }, "starting unknown: current; again"],
  ["one of another fingerprint", { detail: { fingerprint: "old" } }, "running healthy: ready; again"],
  ["one in another runtime", { detail: { runtime: "docker" } }, "running healthy: ready; again"],
  ["one paused by hand", { detail: { state: "paused" } }, "degraded unknown: current, was paused by hand; again"],
  ["one being stopped", { detail: { state: "stopping" } }, "stopping unknown: current; again"],
  [
    "one that was altered",
    { detail: { altered: "its limit was changed" } },
    "running healthy: current, ready, its limit was changed; again",
  ],
  ["one whose restart is due", { detail: exited(1) }, "pending unhealthy: current, ended with exit code 1; again"],
  [
    "one whose restart is delayed",
    { detail: exited(1), slot: { streak: 3 } },
    "backoff unhealthy: current, ended with exit code 1; again in 3775 ms",
  ],
  [
    "one whose exit lies in the future, since the clock was set back",
    { detail: exited(1, NOW + 90_000), slot: { streak: 3 } },
    "pending unhealthy: current, ended with exit code 1; again",
  ],
  [
    "one that is unhealthy and was healthy before",
    { health: "unhealthy", hasBeenHealthy: true },
    "degraded unhealthy: current, was healthy; again",
  ],
  [
    "one that completed",
    { spec: native({ restart: ON_FAILURE }), detail: exited(0) },
    "completed unknown: current, ready, succeeded, ended with exit code 0; completed",
  ],
  [
    "one that failed for good",
    { spec: native({ restart: NEVER }), detail: exited(7) },
    "failed unhealthy: current, ended with exit code 7; failed",
  ],
  [
    "one that was stopped for being unhealthy",
    { detail: exited(143), slot: { halted: "unhealthy" } },
    "failed unhealthy: current, ended with exit code 143 (killed by signal 15); again",
  ],
  [
    "one whose slot belongs to another fingerprint",
    { detail: exited(143), slot: { halted: "unhealthy", fingerprint: "old" } },
    "pending unhealthy: current, ended with exit code 143 (killed by signal 15); again",
  ],
  [
    "one of a disabled workload",
    { spec: native({ enabled: false }), detail: exited(0) },
    "stopped unknown: current, succeeded, ended with exit code 0; again",
  ],
  ["one with the applied files", { spec: SIGNALED, applied: SIGNALED }, "running healthy: current, ready; again"],
  [
    "one whose files changed since they were applied",
    { spec: SIGNALED, applied: { ...SIGNALED, files: [] } },
    "running healthy: current, ready, old files; again",
  ],
  [
    "a container by the health check of its image",
    { spec: docker({}), detail: { runtimeHealth: "starting" } },
    "starting unknown: current; again",
  ],
];

for (const [claim, of, assessed] of CASES) {
  Deno.test(`assessment of ${claim}`, () => assert.equal(assess(of), assessed));
}
