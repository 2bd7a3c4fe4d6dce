import assert from "node:assert/strict";
import type { Instance } from "../../src/model/observed.ts";
import type { RestartPolicy } from "../../src/model/workload.ts";
import { restartAfter, slotAfterStart } from "../../src/plan/restart.ts";

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
  };
}

const CASES: [RestartPolicy, number | null, string][] = [
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
    assert.equal(restartAfter(policy, ended(code, 500), undefined).type, then);
  });
}

Deno.test("restart follows the first crash at once, waits longer each time, and begins anew after a steady run", () => {
  let memory = slotAfterStart("always", { fingerprint: "f", reason: "created", previous: null }, undefined);
  const delays: number[] = [];
  for (const ranMs of [100, 100, 100, 100, 60_000, 100]) {
    const instance = ended(1, ranMs);
    const restart = restartAfter("always", instance, memory);
    assert.equal(restart.type, "again");
    if (restart.type === "again") delays.push(restart.at - instance.endedAt!);
    memory = slotAfterStart("always", { fingerprint: "f", reason: "exited", previous: instance }, memory);
  }
  const bounds = [[0, 0], [900, 1000], [1800, 2000], [3600, 4000], [0, 0], [900, 1000]];
  delays.forEach((delay, index) => {
    const [least, most] = bounds[index]!;
    assert.ok(delay >= least! && delay <= most!, `${delay} is not in ${least}-${most} (restart ${index + 1})`);
  });
  assert.equal(memory.restarts, 6);
});

Deno.test("restart counts nothing for a start that did not follow an exit", () => {
  const counted = { fingerprint: "f", restarts: 4, streak: 3, lastExitCode: 1 };
  const forced = slotAfterStart("always", { fingerprint: "f", reason: "forced", previous: ended(143, 5) }, counted);
  assert.deepEqual(forced, { fingerprint: "f", restarts: 0, streak: 0, lastExitCode: null });
});
