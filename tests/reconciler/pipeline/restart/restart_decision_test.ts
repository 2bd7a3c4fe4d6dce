import assert from "node:assert/strict";
import type { Instance } from "../../../../src/model/instance.ts";
import type { RestartPolicy } from "../../../../src/model/workload.ts";
import { restartPolicy } from "../../../../src/manifest/field/restart.ts";
import { ALWAYS } from "../../../support/workload.ts";
import { restartAfter, slotAfterStart } from "../../../../src/reconciler/pipeline/restart/restart_decision.ts";

const START = 1_000_000;

function ended(exitCode: number | null, ranMs: number): Instance {
  return {
    id: "x",
    workload: "web",
    slot: 0,
    runtime: "native",
    fingerprint: "f",
    state: "exited",
    pid: null,
    containerId: null,
    startedAt: START,
    endedAt: START + ranMs,
    exitCode,
    runtimeHealth: null,
    ports: [],
    warnings: [],
  };
}

const CASES: [RestartPolicy["when"], number | null, string][] = [
  ["always", 0, "again"],
  ["always", 1, "again"],
  ["always", null, "again"],
  ["on-failure", 0, "completed"],
  ["on-failure", 1, "again"],
  ["on-failure", 143, "again"],
  ["on-failure", null, "again"],
  ["never", 0, "completed"],
  ["never", 1, "failed"],
  ["never", null, "failed"],
];

for (const [policy, code, then] of CASES) {
  Deno.test(`restart = "${policy}" after exit code ${code} means ${then}`, () => {
    assert.equal(restartAfter(restartPolicy(policy), ended(code, 500), undefined).type, then);
  });
}

Deno.test("restart follows the first crash at once, waits longer each time, and begins anew after a steady run", () => {
  let slotState = slotAfterStart(ALWAYS, { fingerprint: "f", reason: "created", previous: null, at: START }, undefined);
  const delays: number[] = [];
  for (const ranMs of [100, 100, 100, 100, 60_000, 100]) {
    const instance = ended(1, ranMs);
    const restart = restartAfter(ALWAYS, instance, slotState);
    assert.equal(restart.type, "again");
    if (restart.type === "again") delays.push(restart.at - instance.endedAt!);
    slotState = slotAfterStart(
      ALWAYS,
      { fingerprint: "f", reason: "exited", previous: instance, at: START },
      slotState,
    );
  }
  const bounds = [[0, 0], [900, 1000], [1800, 2000], [3600, 4000], [0, 0], [900, 1000]];
  delays.forEach((delay, index) => {
    const [least, most] = bounds[index]!;
    assert.ok(delay >= least! && delay <= most!, `${delay} is not in ${least}-${most} (restart ${index + 1})`);
  });
  assert.equal(slotState.restarts, 6);
});

Deno.test("restart counts nothing for a start that did not follow an exit", () => {
  const counted = { fingerprint: "f", restarts: 4, streak: 3, lastExitCode: 1, recent: [] };
  const forced = slotAfterStart(
    ALWAYS,
    { fingerprint: "f", reason: "forced", previous: ended(143, 5), at: START },
    counted,
  );
  assert.deepEqual(forced, { fingerprint: "f", restarts: 0, streak: 0, lastExitCode: null, recent: [] });
});

Deno.test("restart ends at its limit within the window, and forgets what lies before it", () => {
  const policy = { ...ALWAYS, maxRestarts: 2, windowMs: 60_000 };
  const memory = { fingerprint: "f", restarts: 9, streak: 0, lastExitCode: 1, recent: [START - 50_000, START - 10] };
  assert.deepEqual(restartAfter(policy, ended(1, 100), memory), { type: "failed", because: "limit" });
  const later = { ...memory, recent: [START - 70_000, START - 10] };
  assert.equal(restartAfter(policy, ended(1, 100), later).type, "again");
  const third = slotAfterStart(
    policy,
    { fingerprint: "f", reason: "exited", previous: ended(1, 100), at: START + 5 },
    later,
  );
  assert.deepEqual(third.recent, [START - 10, START + 5]);
});

Deno.test("restart takes further exit codes for a success when it is told to", () => {
  const policy = { ...restartPolicy("on-failure"), successExitCodes: [143] };
  assert.equal(restartAfter(policy, ended(143, 5), undefined).type, "completed");
  assert.equal(restartAfter(policy, ended(1, 5), undefined).type, "again");
});
