/** Windows of maintenance: when they are open, and what waits for them. */
import assert from "node:assert/strict";
import type { Desired } from "../../../../src/model/desired.ts";
import { fingerprint } from "../../../../src/model/fingerprint.ts";
import { newState } from "../../../../src/model/workload_state.ts";
import type { MaintenanceWindow } from "../../../../src/model/maintenance_window.ts";
import type { Workload } from "../../../../src/model/workload.ts";
import { actionTitle } from "../../../../src/reconciler/pipeline/action.ts";
import { windowClosedBy } from "../../../../src/reconciler/pipeline/gates/window_gate.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { native } from "../../../support/workload.ts";
import { instance, ModelDevice } from "../model_device.ts";

const HOUR = 3600_000;
const allow = (schedule: string, hours: number, timezone: string | null = null): MaintenanceWindow => {
  return { kind: "allow", schedule, durationMs: hours * HOUR, timezone };
};
const deny = (schedule: string, hours: number): MaintenanceWindow => ({ ...allow(schedule, hours), kind: "deny" });
const NIGHT = allow("0 3 * * *", 2);

/** Sets of windows, a time, and until when changes wait; null where they do not, "never" where they always do. */
const CASES: [MaintenanceWindow[][], string, string | null][] = [
  [[[]], "2026-06-01T12:00Z", null],
  [[[NIGHT]], "2026-06-01T03:00Z", null],
  [[[NIGHT]], "2026-06-01T04:59Z", null],
  [[[NIGHT]], "2026-06-01T05:00Z", "2026-06-02T03:00Z"],
  [[[NIGHT]], "2026-06-01T02:59Z", "2026-06-01T03:00Z"],
  [[[allow("0 3 * * *", 2, "Europe/Berlin")]], "2026-06-01T01:30Z", null],
  [[[allow("0 3 * * *", 2, "Europe/Berlin")]], "2026-12-01T01:30Z", "2026-12-01T02:00Z"],
  [[[NIGHT, allow("0 12 * * 6", 1)]], "2026-06-06T12:30Z", null],
  [[[deny("0 0 24 12 *", 72)]], "2026-12-25T10:00Z", "2026-12-27T00:00Z"],
  [[[deny("0 0 24 12 *", 72)]], "2026-12-23T10:00Z", null],
  [[[NIGHT, deny("30 3 * * *", 1)]], "2026-06-01T03:40Z", "2026-06-01T04:30Z"],
  [[[deny("0 3 * * *", 1), deny("0 2 * * *", 4)]], "2026-06-01T03:10Z", "2026-06-01T06:00Z"],
  [[[NIGHT], [allow("0 12 * * *", 1)]], "2026-06-01T03:30Z", "2026-06-01T12:00Z"],
  [[[allow("0 0 30 2 *", 1)]], "2026-06-01T12:00Z", "never"],
];

for (const [sets, at, expected] of CASES) {
  const shown = sets.map((set) => set.map((window) => `${window.kind} ${window.schedule}`).join(", ")).join(" and ");
  Deno.test(`windows of ${shown || "none"}: at ${at} changes wait until ${expected}`, () => {
    const closed = windowClosedBy(sets, Date.parse(at));
    if (expected === null) assert.equal(closed, null);
    else assert.equal(closed?.until ?? null, expected === "never" ? null : Date.parse(expected));
  });
}

const OLD = native({ name: "web", command: ["web"] });
const NEW = native({ name: "web", command: ["web", "2"] });
const NOON = Date.parse("2026-06-01T12:00Z");
const OPENS = Date.parse("2026-06-02T03:00Z");

function desired(...workloads: Workload[]): Desired {
  return { revision: "b".repeat(40), workloads, invalid: [], notSelected: [] };
}

function running(): ModelDevice {
  const device = new ModelDevice([instance(OLD, { id: "a", slot: 0 })]);
  device.now = NOON;
  device.windows = [NIGHT];
  const applied = { workload: OLD, fingerprint: fingerprint(OLD), revision: "a".repeat(40) };
  device.states.set("web", { ...newState("web"), applied });
  return device;
}

const titles = (device: ModelDevice, wanted: Desired) => plan(device.input(wanted)).actions.map(actionTitle);

Deno.test("a change waits for the window, the old one goes on, and the plan wakes up when it opens", () => {
  const device = running();
  const { actions, wakeAt, workloads } = plan(device.input(desired(NEW)));
  assert.deepEqual(actions, []);
  assert.equal(wakeAt, OPENS);
  assert.deepEqual(workloads[0]!.gated, {
    reason: "outside_window",
    message: "a change waits for the maintenance window, which opens at 2026-06-02 03:00 UTC",
    hint: '"harbornode sync --force" does not wait for it',
  });
  device.now = OPENS;
  assert.deepEqual(titles(device, desired(NEW)), ["prepare web", "stop web[0]", "start web[0]"]);
});

Deno.test("what crashed is started again outside of every window, as it was applied", () => {
  const device = running();
  device.instances[0]!.state = "exited";
  device.instances[0]!.exitCode = 1;
  const [, start] = plan(device.input(desired(NEW))).actions;
  assert.ok(start?.type === "start" && start.spec.runtime === "native");
  assert.deepEqual(start.spec.command, ["web"]);
});

Deno.test("a change that only touches how it is watched waits as well: so does a smaller number of instances", () => {
  const device = running();
  assert.deepEqual(titles(device, desired({ ...OLD, enabled: false })), []);
});

Deno.test("what is new on the device is started at once, and so is what its memory was lost of", () => {
  const device = running();
  assert.deepEqual(titles(device, desired(OLD, native({ name: "fresh" }))), ["prepare fresh", "start fresh[0]"]);
  device.states.clear();
  assert.deepEqual(titles(device, desired(OLD)), []);
  assert.deepEqual(titles(device, desired(NEW)), [], "what runs is something else, and is not known");
  device.instances = [];
  assert.deepEqual(titles(device, desired(NEW)), ["prepare web", "start web[0]"]);
});

Deno.test("a removal waits for the window, and can be confirmed before", () => {
  const device = running();
  const wanted = desired(native({ name: "other" }));
  device.instances.push(instance(native({ name: "other" }), { id: "b", slot: 0 }));
  assert.deepEqual(titles(device, wanted), []);
  assert.match(plan(device.input(wanted)).pendingRemoval!.message, /waits for the maintenance window/);
  device.pruneConfirmed = wanted.revision;
  assert.deepEqual(titles(device, wanted), ["stop web[0]", "remove web[0]"]);
});

Deno.test("a rollout that has begun comes to its end, and the owner can open every window for a revision", () => {
  const device = running();
  const before = device.states.get("web")!;
  const underWay = {
    fingerprint: fingerprint(NEW),
    revision: "b".repeat(40),
    reason: "spec_changed" as const,
    message: "",
    startedAt: NOON - 1000,
  };
  device.states.set("web", { ...before, rollouts: { versions: [], history: [], underWay } });
  assert.equal(titles(device, desired(NEW)).length, 3);
  device.states.set("web", before);
  assert.equal(plan({ ...device.input(desired(NEW)), windows: null }).actions.length, 3);
});

Deno.test("windows of a manifest hold it back beside those of the device", () => {
  const device = running();
  device.windows = [];
  assert.deepEqual(titles(device, desired({ ...NEW, windows: [NIGHT] })), []);
});

Deno.test("a new name that comes with a change outside of the window is taken over, and the change waits", () => {
  const device = running();
  const [memory, found] = [device.states.get("web")!, device.instances[0]!];
  device.states.delete("web");
  device.states.set("site", { ...memory, name: "site", formerName: "web" });
  device.instances = [{ ...found, workload: "site", formerName: "web" }];
  const { actions, workloads } = plan(device.input(desired({ ...NEW, name: "site", movedFrom: "web" })));
  assert.deepEqual(actions, []);
  assert.deepEqual([workloads[0]?.spec?.name, workloads[0]?.gated?.reason], ["site", "outside_window"]);
});

Deno.test("a suspended workload waits for no window, since no change of git's is applied to it", () => {
  const device = running();
  const { actions, workloads, wakeAt } = plan(device.input(desired({ ...NEW, suspend: true })));
  assert.deepEqual([actions, workloads[0]?.gated, wakeAt], [[], null, null]);
  assert.notEqual(plan(device.input(desired(NEW))).wakeAt, null);
});
