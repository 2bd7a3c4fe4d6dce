/** Overrides of the operator: what the planner does with them, and what the status says. */
import assert from "node:assert/strict";
import type { Desired } from "../../../src/model/desired.ts";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { newState } from "../../../src/model/workload_state.ts";
import type { Override } from "../../../src/model/override.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { actionTitle } from "../../../src/reconciler/pipeline/action.ts";
import { revisionProgress } from "../../../src/reconciler/pipeline/revision_progress.ts";
import { statusSummary } from "../../../src/status/workload_status.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import type { PlanInput } from "../../../src/reconciler/pipeline/plan_input.ts";
import { native, NEVER, TIMING } from "../../support/workload.ts";
import { instance, ModelDevice } from "./model_device.ts";

const WEB = native({ name: "web", command: ["web"] });
const NEW = native({ name: "web", command: ["web", "2"] });

function desired(...workloads: Workload[]): Desired {
  return { revision: "b".repeat(40), workloads, invalid: [], notSelected: [] };
}

interface Scene {
  override: Partial<Override>;
  asks?: Workload[];
  /** What runs; null: nothing. */
  runs?: Workload | null;
}

/** A device that runs `runs`, with the override `override`. */
function overridden({ override, runs = WEB }: Scene): ModelDevice {
  const device = new ModelDevice(runs === null ? [] : [instance(runs, { id: "a", slot: 0 })]);
  const applied = { workload: WEB, fingerprint: fingerprint(WEB), revision: "a".repeat(40) };
  const said: Override = { action: "suspend", since: device.now, until: device.now + 60_000, ...override };
  device.states.set("web", { ...newState("web"), applied, override: said });
  return device;
}

function titles(device: ModelDevice, wanted: Desired): string[] {
  return plan(device.input(wanted)).actions.map(actionTitle);
}

function said(device: ModelDevice, wanted: Desired): string {
  const input = device.input(wanted);
  const { workloads } = revisionProgress({ ...input, plan: plan(input), operating: new Set() });
  const progress = workloads.find(({ workload }) => workload.name === "web")!;
  const { sync, phase, message, hint } = statusSummary(progress, null);
  return `${sync} ${phase}: ${message}; ${hint}`;
}

Deno.test("a suspended workload is left alone until its time is over, and the plan wakes up then", () => {
  const device = overridden({ override: {} });
  assert.deepEqual(titles(device, desired(NEW)), []);
  assert.equal(plan(device.input(desired(NEW))).wakeAt, device.now + 60_000);
  assert.match(
    said(device, desired(NEW)),
    /^suspended running: git changes nothing of it until 1970-01-01 00:17 UTC; run "harbornode resume web" to let it follow git again$/,
  );
  device.now += 60_000;
  assert.deepEqual(titles(device, desired(NEW)), ["prepare web", "stop web[0]", "start web[0]"]);
});

/** What is started, by its command. */
function started(device: ModelDevice, wanted: Desired): string[] {
  const starts = plan(device.input(wanted)).actions.flatMap((action) => action.type === "start" ? action.spec : []);
  return starts.flatMap((spec) => spec.runtime === "native" ? spec.command.join(" ") : []);
}

const OTHER = native({ name: "other" });

Deno.test("a suspended workload that crashed, drifted or is gone after a boot is started as it was last applied", () => {
  for (const wanted of [desired(WEB), desired(NEW), desired(OTHER), desired({ ...NEW, enabled: false } as Workload)]) {
    const device = overridden({ override: { until: null } });
    const mine = () => started(device, wanted).filter((one) => one !== "sleep");
    assert.deepEqual(mine(), []);
    Object.assign(device.instances[0]!, { state: "exited", exitCode: 1, pid: null, endedAt: device.now - 1 });
    assert.deepEqual(mine(), ["web"], "crashed");
    Object.assign(device.instances[0]!, { state: "running", altered: "its program is another one" });
    assert.deepEqual(mine(), ["web"], "altered by hand");
    device.instances = [];
    // What git removed and nothing runs of is not known to the plan any more.
    if (wanted.workloads[0] !== OTHER) assert.deepEqual(mine(), ["web"], "gone");
  }
});

Deno.test("a workload that git removed stays while it is suspended", () => {
  const device = overridden({ override: { until: null } });
  const gone = desired(OTHER);
  assert.deepEqual(titles(device, gone), ["prepare other", "start other[0]"]);
  assert.match(said(device, gone), /^suspended .*git changes nothing of it until it is resumed/);
  assert.equal(plan(device.input(gone)).pendingRemoval, null);
});

Deno.test("a suspended workload that is to be started again is said to be so, and one that has ended for good too", () => {
  const device = overridden({ override: { until: null } });
  const slot = { fingerprint: fingerprint(WEB), restarts: 2, streak: 2, lastExitCode: 1, recent: [] };
  device.states.set("web", { ...device.states.get("web")!, slots: { 0: slot } });
  const exit = { state: "exited" as const, exitCode: 1, pid: null, startedAt: device.now - 2, endedAt: device.now };
  Object.assign(device.instances[0]!, exit);
  assert.match(
    said(device, desired(NEW)),
    /^suspended backoff: ended with exit code 1; it will be started again; git changes/,
  );
  const once = native({ name: "web", command: ["web"], restart: NEVER });
  const applied = { workload: once, fingerprint: fingerprint(once), revision: "a".repeat(40) };
  device.states.set("web", { ...device.states.get("web")!, applied });
  Object.assign(device.instances[0]!, { fingerprint: fingerprint(once) });
  assert.match(
    said(device, desired(NEW)),
    /^suspended failed: ended with exit code 1; restart = "never"; git changes nothing/,
  );
});

Deno.test("a rollout that a suspension stopped in its middle is neither finished nor undone, and begins anew afterwards", () => {
  const device = overridden({ override: {} });
  const canary = instance(NEW, { id: "b", slot: 0, canary: true });
  device.instances.push(canary);
  const underWay = {
    fingerprint: fingerprint(NEW),
    revision: "b".repeat(40),
    reason: "spec_changed" as const,
    message: "command changed",
    startedAt: 1,
  };
  device.states.set("web", { ...device.states.get("web")!, rollouts: { versions: [], history: [], underWay } });
  assert.deepEqual(titles(device, desired(NEW)), []);
  const { plannedStates } = plan(device.input(desired(NEW)));
  assert.equal(plannedStates.get("web")!.rollouts!.underWay, undefined, "its deadline does not run");
  Object.assign(device.instances[0]!, { state: "exited", exitCode: 1, pid: null, endedAt: device.now - 1 });
  assert.deepEqual(started(device, desired(NEW)), ["web"], "nobody finds the new one yet");
  delete canary.canary;
  assert.deepEqual(titles(device, desired(NEW)), [], "the new one serves in its place");
});

Deno.test("a suspended workload is kept as it was last applied, and one that never was is left untouched", () => {
  const device = overridden({ override: { until: 0 }, runs: null });
  const suspended = { ...NEW, suspend: true } as Workload;
  assert.deepEqual(started(device, desired(suspended)), ["web"]);
  device.instances = [instance(WEB, { id: "a", slot: 0 })];
  assert.match(
    said(device, desired(suspended)),
    /^suspended running: git changes nothing of it: suspend = true; null$/,
  );
  device.states.delete("web");
  assert.deepEqual(titles(device, desired(suspended)), []);
  device.instances = [];
  assert.deepEqual(titles(device, desired(suspended)), []);
  assert.match(
    said(device, desired(suspended)),
    /^suspended pending: .*suspend = true; nothing of it was applied before/,
  );
});

const DOUBT = "the clock of the device says 1970-01-01 00:00 UTC, which is before HarborNode was built";

Deno.test("an override that is over is remembered as such, and no wrong clock brings it back", () => {
  const device = overridden({ override: { action: "stop" }, runs: null });
  const end = device.now + 60_000;
  device.now = end;
  device.remember(plan(device.input(desired(WEB))));
  assert.equal(device.states.get("web")?.override?.ended, true);
  device.now = 1000;
  const wrong = { ...device.input(desired(WEB)), clockDoubt: DOUBT, earliestNow: 1000 };
  assert.deepEqual(plan(wrong).actions.map(actionTitle), ["prepare web", "start web[0]"]);
});

Deno.test("a wrong clock ends no override; the time that has passed for certain does", () => {
  const device = overridden({ override: { action: "stop" }, runs: null });
  const { since, until } = device.states.get("web")!.override!;
  const at = (now: number, rest: Partial<PlanInput>) => {
    device.now = now;
    const { actions, plannedStates, wakeAt } = plan({ ...device.input(desired(WEB)), ...rest });
    return {
      isStarted: actions.length > 0,
      isOver: plannedStates.get("web")?.override?.ended === true,
      wakesIn: wakeAt! - now,
    };
  };
  const doubted = (earliestNow: number) => ({ clockDoubt: DOUBT, earliestNow });
  assert.deepEqual(at(1000, doubted(since + 1)), { isStarted: false, isOver: false, wakesIn: 10_000 });
  // Powered off when it ended, or on for so long since: it is over whatever the clock says.
  const over = at(1000, doubted(until!));
  assert.deepEqual([over.isStarted, over.isOver], [true, true]);
  // A clock that is right again.
  assert.deepEqual(at(since + 1, {}), { isStarted: false, isOver: false, wakesIn: 59_999 });
});

Deno.test("an override that was set by a clock that was ahead lasts as long from when the clock is right", () => {
  const device = overridden({ override: { action: "stop" }, runs: null });
  const ahead = 73 * 365 * 86_400_000;
  const override: Override = { action: "stop", since: device.now + ahead, until: device.now + ahead + 60_000 };
  device.states.set("web", { ...device.states.get("web")!, override });
  device.remember(plan(device.input(desired(WEB))));
  assert.deepEqual(device.states.get("web")?.override, {
    action: "stop",
    since: device.now,
    until: device.now + 60_000,
  });
  device.now += 60_000;
  assert.deepEqual(titles(device, desired(WEB)), ["prepare web", "start web[0]"]);
});

Deno.test("a workload that the owner stopped is stopped, and stays so through pushes; then what git asks for runs", () => {
  const device = overridden({ override: { action: "stop" } });
  assert.deepEqual(titles(device, desired(WEB)), ["stop web[0]", "remove web[0]"]);
  device.instances = [];
  assert.deepEqual(titles(device, desired(NEW)), []);
  assert.match(said(device, desired(NEW)), /^suspended stopped: stopped on the device until/);
  device.now += 60_000;
  assert.deepEqual(titles(device, desired(NEW)), ["prepare web", "start web[0]"]);
});

Deno.test("a workload that the owner started runs, whatever git says, and stops when that is over", () => {
  // What is suspended stays as it was last applied.
  for (const [off, then] of [[{ enabled: false }, []], [{ suspend: true }, ["prepare web", "start web[0]"]]] as const) {
    const device = overridden({ override: { action: "start" }, runs: null });
    const wanted = desired({ ...WEB, ...off } as Workload);
    assert.deepEqual(titles(device, wanted), ["prepare web", "start web[0]"]);
    device.now += 60_000;
    assert.deepEqual(titles(device, wanted), then);
  }
});

Deno.test("what the owner stopped is no rollout that failed", () => {
  const device = overridden({ override: { action: "stop", until: null }, runs: null });
  device.now += 3600_000;
  const { plannedStates, quarantinedRevision } = plan(device.input(desired(NEW)));
  assert.equal(plannedStates.get("web")?.rollouts?.refused, undefined);
  assert.equal(quarantinedRevision, null);
});

Deno.test("what the owner does not allow any more can be switched off, by git and by the owner", () => {
  const root = native({ name: "web", command: ["web"], user: "root" });
  const applied = { workload: root, fingerprint: fingerprint(root), revision: "a".repeat(40) };
  const denied = (override?: Override) => {
    const device = new ModelDevice([instance(root, { id: "a", slot: 0 })]);
    device.policy = { ...device.policy, allowRoot: false };
    device.states.set("web", { ...newState("web"), applied, ...(override === undefined ? {} : { override }) });
    return device;
  };
  assert.deepEqual(titles(denied(), desired(root)), [], "it runs to its end");
  assert.deepEqual(titles(denied(), desired({ ...root, enabled: false })), ["stop web[0]", "remove web[0]"]);
  const stop: Override = { action: "stop", since: 0, until: null };
  assert.deepEqual(titles(denied(stop), desired(root)), ["stop web[0]", "remove web[0]"]);
});

Deno.test("the time in which a workload was suspended counts for no deadline of its rollout", () => {
  const began = 1_000_000;
  const device = overridden({ override: { since: began + 60_000, until: began + 660_000 }, runs: NEW });
  const underWay = {
    fingerprint: fingerprint(NEW),
    revision: "b".repeat(40),
    reason: "spec_changed" as const,
    message: "command changed",
    startedAt: began,
  };
  const version = { workload: WEB, fingerprint: fingerprint(WEB), revision: "a".repeat(40), healthyAt: 1 };
  device.states.set("web", { ...device.states.get("web")!, rollouts: { versions: [version], history: [], underWay } });
  const wanted = desired({ ...NEW, health: { ...TIMING, type: "tcp", port: { type: "fixed", port: 80 } } } as Workload);
  const refused = (at: number) => {
    device.now = at;
    return plan(device.input(wanted)).workloads[0]!.rollout?.quarantined?.reason ?? null;
  };
  const deadline = NEW.rollout.deadlineMs;
  assert.equal(refused(began + 600_000), null, "while it is suspended");
  assert.equal(refused(began + 660_000 + deadline - 1), null);
  assert.equal(refused(began + 660_000 + deadline), "health_timeout");
});
