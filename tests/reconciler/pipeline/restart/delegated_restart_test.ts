import assert from "node:assert/strict";
import type { SlotState } from "../../../../src/model/workload_state.ts";
import { restartLease, slotAfterRespawns } from "../../../../src/reconciler/pipeline/restart/delegated_restart.ts";
import type { Workload } from "../../../../src/model/workload.ts";
import { ALWAYS, docker, native, NEVER, ON_FAILURE } from "../../../support/workload.ts";
import { instance } from "../model_device.ts";

const NOW = 1_000_000;
const web = native({ restart: ALWAYS });
const running = instance(web, { id: "i", slot: 0, startedAt: NOW - 5000 });
const slot = (fields: Partial<SlotState>): SlotState => ({
  fingerprint: running.fingerprint,
  restarts: 0,
  streak: 0,
  lastExitCode: null,
  recent: [],
  ...fields,
});
const granted = (spec: Workload = web, slotState: SlotState | undefined = slot({})) =>
  restartLease(spec, running, { slotState, now: NOW });

Deno.test("a restart is granted in advance where it would follow at once", () => {
  assert.deepEqual(granted(), { lease: { finalCodes: [] }, wakeAt: null });
  const codes = native({ restart: { ...ON_FAILURE, successExitCodes: [143] } });
  assert.deepEqual(granted(codes).lease, { finalCodes: [0, 143] });
});

Deno.test("no restart is granted that has to wait, and it is looked at again when it has run steadily", () => {
  assert.deepEqual(granted(web, slot({ streak: 1 })), { lease: null, wakeAt: NOW + 5000 });
  const later = restartLease(web, running, { slotState: slot({ streak: 1 }), now: NOW + 5000 });
  assert.deepEqual(later.lease, { finalCodes: [] });
});

Deno.test("no restart is granted to what is not to be started again, at its limit, or left alone", () => {
  const limit = native({ restart: { ...ALWAYS, maxRestarts: 1 } });
  const cases = [
    granted(native({ restart: NEVER })),
    granted(limit, slot({ recent: [NOW - 1] })),
    granted(native({ suspend: true })),
    granted(native({ enabled: false })),
    granted(web, slot({ halted: "unhealthy" })),
    granted(native({ job: { schedule: null, timezone: null, overlap: "skip", missed: "once", timeoutMs: null } })),
  ];
  for (const { lease } of cases) assert.equal(lease, null);
});

Deno.test("no restart is granted to a container that sees a path of the device", () => {
  const mounts = [{ type: "host" as const, source: "/srv/media", target: "/media", readOnly: true }];
  assert.equal(granted(docker({ restart: ALWAYS, mounts })).lease, null);
});

Deno.test("Docker is granted restarts of what has run steadily, also where memory is limited, and of no job", () => {
  const spec = docker({ restart: ALWAYS, resources: { memoryBytes: 1e8, cpus: null, pids: null } });
  const container = instance(spec, { id: "c", slot: 0, startedAt: NOW - 5000 });
  const at = (now: number, of: Workload = spec) => restartLease(of, container, { slotState: undefined, now });
  assert.deepEqual(at(NOW), { lease: null, wakeAt: NOW + 5000 });
  assert.deepEqual(at(NOW + 5000), { lease: { finalCodes: [] }, wakeAt: null });
  const job = { schedule: null, timezone: null, overlap: "skip", missed: "once", timeoutMs: null } as const;
  assert.equal(at(NOW + 5000, docker({ job })).lease, null);
});

Deno.test("no restart is granted to a container with secrets that are files, and to one with variables it is", () => {
  const secret = (type: "env" | "file") => [{ target: { type, name: "A" }, source: null, ciphertext: "", digest: "1" }];
  const at = (of: Workload) => {
    const one = instance(of, { id: "c", slot: 0, startedAt: NOW - 5000 });
    return restartLease(of, one, { slotState: undefined, now: NOW + 5000 }).lease;
  };
  assert.equal(at(docker({ restart: ALWAYS, secrets: secret("file") })), null);
  assert.notEqual(at(docker({ restart: ALWAYS, secrets: secret("env") })), null);
  assert.notEqual(at(native({ restart: ALWAYS, secrets: secret("file") })), null);
});

Deno.test("a container that Docker counts anew has been counted, and is counted on", () => {
  const container = instance(docker({}), { id: "c", slot: 0, startedAt: NOW - 5000 });
  const before = slot({ restarts: 2, respawned: { id: "c", count: 2 } });
  const slotState = slotAfterRespawns(docker({}), container, before)!;
  assert.deepEqual([slotState.restarts, slotState.respawned?.count], [2, 0]);
  const respawns = [{ startedAt: NOW - 5000, endedAt: NOW, exitCode: 1 }];
  assert.equal(slotAfterRespawns(docker({}), { ...container, respawns }, slotState)?.respawned?.count, 1);
});

Deno.test("starts that an instance made by itself are counted once each, like all others", () => {
  const respawned = {
    ...running,
    respawns: [
      { startedAt: NOW - 90_000, endedAt: NOW - 60_000, exitCode: 3 },
      { startedAt: NOW - 60_000, endedAt: NOW - 5000, exitCode: 137 },
    ],
  };
  const slotState = slotAfterRespawns(web, respawned, slot({}))!;
  assert.deepEqual([slotState.restarts, slotState.streak, slotState.lastExitCode], [2, 1, 137]);
  assert.equal(slotAfterRespawns(web, respawned, slotState), null);
  const limited = native({ restart: { ...ALWAYS, maxRestarts: 5 } });
  assert.deepEqual(slotAfterRespawns(limited, respawned, slot({}))?.recent, [NOW - 60_000, NOW - 5000]);
});
