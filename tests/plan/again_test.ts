import assert from "node:assert/strict";
import type { SlotMemory } from "../../src/model/memory.ts";
import { grantOf, slotAfterRespawns } from "../../src/plan/restart/again.ts";
import type { Workload } from "../../src/model/workload.ts";
import { ALWAYS, docker, native, NEVER, ON_FAILURE } from "../support/workload.ts";
import { instance } from "./model_device.ts";

const NOW = 1_000_000;
const web = native({ restart: ALWAYS });
const running = instance(web, { id: "i", slot: 0, startedAt: NOW - 5000 });
const slot = (fields: Partial<SlotMemory>): SlotMemory => ({
  fingerprint: running.fingerprint,
  restarts: 0,
  streak: 0,
  lastExitCode: null,
  recent: [],
  ...fields,
});
const granted = (spec: Workload = web, memory: SlotMemory | undefined = slot({})) =>
  grantOf(spec, running, { memory, now: NOW });

Deno.test("a restart is granted in advance where it would follow at once", () => {
  assert.deepEqual(granted(), { grant: { finalCodes: [] }, wakeAt: null });
  const codes = native({ restart: { ...ON_FAILURE, successExitCodes: [143] } });
  assert.deepEqual(granted(codes).grant, { finalCodes: [0, 143] });
});

Deno.test("no restart is granted that has to wait, and it is looked at again when it has run steadily", () => {
  assert.deepEqual(granted(web, slot({ streak: 1 })), { grant: null, wakeAt: NOW + 5000 });
  const later = grantOf(web, running, { memory: slot({ streak: 1 }), now: NOW + 5000 });
  assert.deepEqual(later.grant, { finalCodes: [] });
});

Deno.test("no restart is granted to what is not to be started again, at its limit, left alone, or in Docker", () => {
  const limit = native({ restart: { ...ALWAYS, maxRestarts: 1 } });
  const cases = [
    granted(native({ restart: NEVER })),
    granted(limit, slot({ recent: [NOW - 1] })),
    granted(native({ suspend: true })),
    granted(native({ enabled: false })),
    granted(web, slot({ halted: "unhealthy" })),
    granted(docker({})),
    granted(native({ job: { schedule: null, timezone: null, overlap: "skip", missed: "once", timeoutMs: null } })),
  ];
  for (const { grant } of cases) assert.equal(grant, null);
});

Deno.test("starts that an instance made by itself are counted once each, like all others", () => {
  const respawned = {
    ...running,
    respawns: [
      { startedAt: NOW - 90_000, endedAt: NOW - 60_000, exitCode: 3 },
      { startedAt: NOW - 60_000, endedAt: NOW - 5000, exitCode: 137 },
    ],
  };
  const memory = slotAfterRespawns(web, respawned, slot({}))!;
  assert.deepEqual([memory.restarts, memory.streak, memory.lastExitCode], [2, 1, 137]);
  assert.equal(slotAfterRespawns(web, respawned, memory), null);
  const limited = native({ restart: { ...ALWAYS, maxRestarts: 5 } });
  assert.deepEqual(slotAfterRespawns(limited, respawned, slot({}))?.recent, [NOW - 60_000, NOW - 5000]);
});
