/** The owner's word on the device, above what git says: what is done, and what is said of it. */
import assert from "node:assert/strict";
import type { Desired } from "../../src/model/desired.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import { emptyMemory } from "../../src/model/memory.ts";
import type { Hold } from "../../src/model/pause/hold.ts";
import type { Workload } from "../../src/model/workload.ts";
import { actionTitle } from "../../src/plan/action.ts";
import { condition } from "../../src/plan/condition/condition.ts";
import { plan } from "../../src/plan/plan.ts";
import { native, TIMING } from "../support/workload.ts";
import { instance, ModelDevice } from "./model_device.ts";

const WEB = native({ name: "web", command: ["web"] });
const NEW = native({ name: "web", command: ["web", "2"] });

function desired(...workloads: Workload[]): Desired {
  return { revision: "b".repeat(40), workloads, invalid: [], notSelected: [] };
}

interface Scene {
  hold: Partial<Hold>;
  asks?: Workload[];
  /** What runs; null: nothing. */
  runs?: Workload | null;
}

/** A device that runs `runs`, whose owner said `hold`. */
function held({ hold, runs = WEB }: Scene): ModelDevice {
  const device = new ModelDevice(runs === null ? [] : [instance(runs, { id: "a", slot: 0 })]);
  const applied = { workload: WEB, fingerprint: fingerprint(WEB), revision: "a".repeat(40) };
  const said: Hold = { action: "hold", since: device.now, until: device.now + 60_000, ...hold };
  device.memory.set("web", { ...emptyMemory("web"), applied, hold: said });
  return device;
}

function titles(device: ModelDevice, wanted: Desired): string[] {
  return plan(device.input(wanted)).actions.map(actionTitle);
}

function said(device: ModelDevice, wanted: Desired): string {
  const input = device.input(wanted);
  const { workloads, waiting } = plan(input);
  const { sync, phase, message, hint } = condition({
    workload: workloads.find((one) => one.name === "web")!,
    instances: device.instances,
    observations: input.observations,
    enabledRuntimes: input.enabledRuntimes,
    memory: device.memory.get("web"),
    attempt: undefined,
    progress: null,
    verdicts: new Map(),
    waiting: waiting.get("web") ?? null,
    now: device.now,
  });
  return `${sync} ${phase}: ${message}; ${hint}`;
}

Deno.test("a held workload is left alone until its time is over, and the plan wakes up then", () => {
  const device = held({ hold: {} });
  assert.deepEqual(titles(device, desired(NEW)), []);
  assert.equal(plan(device.input(desired(NEW))).wakeAt, device.now + 60_000);
  assert.match(
    said(device, desired(NEW)),
    /^held running: left as it is until 1970-01-01 00:17 UTC; "harbornode release web" ends that$/,
  );
  device.now += 60_000;
  assert.deepEqual(titles(device, desired(NEW)), ["prepare web", "stop web[0]", "start web[0]"]);
});

Deno.test("a held workload that crashed is not started again, and one that git removed stays", () => {
  const device = held({ hold: { until: null } });
  device.instances[0]!.state = "exited";
  device.instances[0]!.exitCode = 1;
  assert.deepEqual(titles(device, desired(WEB)), []);
  device.instances[0]!.state = "running";
  const gone = desired(native({ name: "other" }));
  assert.deepEqual(titles(device, gone), ["prepare other", "start other[0]"]);
  assert.match(said(device, gone), /^held .*left as it is until it is released/);
  assert.equal(plan(device.input(gone)).pruneHeld, null);
});

Deno.test("a workload that the owner stopped is stopped, and stays so through pushes; then what git asks for runs", () => {
  const device = held({ hold: { action: "stop" } });
  assert.deepEqual(titles(device, desired(WEB)), ["stop web[0]", "remove web[0]"]);
  device.instances = [];
  assert.deepEqual(titles(device, desired(NEW)), []);
  assert.match(said(device, desired(NEW)), /^held stopped: stopped on the device until/);
  device.now += 60_000;
  assert.deepEqual(titles(device, desired(NEW)), ["prepare web", "start web[0]"]);
});

Deno.test("a workload that the owner started runs, whatever git says, and stops when that is over", () => {
  for (const off of [{ enabled: false }, { suspend: true }]) {
    const device = held({ hold: { action: "start" }, runs: null });
    const wanted = desired({ ...WEB, ...off } as Workload);
    assert.deepEqual(titles(device, wanted), ["prepare web", "start web[0]"]);
    device.now += 60_000;
    assert.deepEqual(titles(device, wanted), []);
  }
});

Deno.test("what the owner stopped is no rollout that failed", () => {
  const device = held({ hold: { action: "stop", until: null }, runs: null });
  device.now += 3600_000;
  const { memories, refusedRevision } = plan(device.input(desired(NEW)));
  assert.equal(memories.get("web")?.rollouts?.refused, undefined);
  assert.equal(refusedRevision, null);
});

Deno.test("what the owner does not allow any more can be switched off, by git and by the owner", () => {
  const root = native({ name: "web", command: ["web"], user: "root" });
  const applied = { workload: root, fingerprint: fingerprint(root), revision: "a".repeat(40) };
  const denied = (hold?: Hold) => {
    const device = new ModelDevice([instance(root, { id: "a", slot: 0 })]);
    device.policy = { ...device.policy, allowRoot: false };
    device.memory.set("web", { ...emptyMemory("web"), applied, ...(hold === undefined ? {} : { hold }) });
    return device;
  };
  assert.deepEqual(titles(denied(), desired(root)), [], "it runs to its end");
  assert.deepEqual(titles(denied(), desired({ ...root, enabled: false })), ["stop web[0]", "remove web[0]"]);
  const stop: Hold = { action: "stop", since: 0, until: null };
  assert.deepEqual(titles(denied(stop), desired(root)), ["stop web[0]", "remove web[0]"]);
});

Deno.test("the time in which a workload was held counts for no deadline of its rollout", () => {
  const began = 1_000_000;
  const device = held({ hold: { since: began + 60_000, until: began + 660_000 }, runs: NEW });
  const underWay = {
    fingerprint: fingerprint(NEW),
    revision: "b".repeat(40),
    reason: "spec_changed" as const,
    message: "command changed",
    startedAt: began,
  };
  const version = { workload: WEB, fingerprint: fingerprint(WEB), revision: "a".repeat(40), healthyAt: 1 };
  device.memory.set("web", { ...device.memory.get("web")!, rollouts: { versions: [version], history: [], underWay } });
  const wanted = desired({ ...NEW, health: { ...TIMING, type: "tcp", port: { type: "fixed", port: 80 } } } as Workload);
  const refused = (at: number) => {
    device.now = at;
    return plan(device.input(wanted)).workloads[0]!.judged?.refused?.reason ?? null;
  };
  const deadline = NEW.rollout.deadlineMs;
  assert.equal(refused(began + 600_000), null, "while it is held");
  assert.equal(refused(began + 660_000 + deadline - 1), null);
  assert.equal(refused(began + 660_000 + deadline), "health_timeout");
});
