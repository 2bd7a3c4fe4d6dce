/** Nothing reaches a start around the policy: each thing that a repository could ask, through the planner itself. */
import assert from "node:assert/strict";
import { COMMON_RULES } from "../../../../src/model/policy/common_rules.ts";
import { DOCKER_RULES } from "../../../../src/model/policy/docker_rules.ts";
import { NATIVE_RULES } from "../../../../src/model/policy/native_rules.ts";
import type { Policy } from "../../../../src/model/policy/policy.ts";
import { fingerprint, rolloutDigest } from "../../../../src/model/fingerprint.ts";
import { newState } from "../../../../src/model/workload_state.ts";
import type { Desired } from "../../../../src/model/desired.ts";
import type { Workload } from "../../../../src/model/workload.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { ALL_ASKED, denying, DOCKER_ASKED, NATIVE_ASKED } from "../../../model/policy/policy_requests.ts";
import { defaultPolicy } from "../../../support/policies.ts";
import { docker, native } from "../../../support/workload.ts";
import { instance, ModelDevice } from "../model_device.ts";

const DEFAULT = defaultPolicy();

function desired(...workloads: Workload[]): Desired {
  return { revision: "r2", workloads, invalid: [], notSelected: [] };
}

/** It runs as it was applied, before the policy was as it is. */
function runs(device: ModelDevice, spec: Workload): void {
  device.instances = [instance(spec, { id: "old", slot: 0 })];
  const applied = { workload: spec, fingerprint: fingerprint(spec), revision: "r1" };
  device.states.set(spec.name, { ...newState(spec.name), applied });
}

function planned(device: ModelDevice, policy: Policy, ...asked: Workload[]) {
  device.policy = policy;
  const { actions, workloads, waiting, restartLeases } = plan(device.input(desired(...asked)));
  const gated = workloads.map((workload) => workload.gated?.reason ?? null);
  return { actions: actions.map((action) => action.type), gated, workloads, waiting, grants: restartLeases };
}

Deno.test("what a repository could ask is tried of each field that has a rule, and of no other", () => {
  for (
    const [tables, asked] of [[{ ...COMMON_RULES, ...NATIVE_RULES }, NATIVE_ASKED], [
      { ...COMMON_RULES, ...DOCKER_RULES },
      DOCKER_ASKED,
    ]]
  ) {
    const fields = (all: object, claim: (one: unknown) => boolean) =>
      Object.entries(all).filter(([, one]) => claim(one)).map(([name]) => name).sort();
    assert.deepEqual(
      fields(asked!, (one) => (one as unknown[]).length > 0),
      fields(tables!, (one) => typeof one === "function"),
    );
  }
});

for (const { field, says, allowed, spec } of ALL_ASKED) {
  const strict: Policy = { ...DEFAULT, ...denying(field) };
  const open: Policy | null = allowed === null ? null : { ...strict, ...allowed };

  Deno.test(`${spec.runtime} ${field}: refused with its reason, and started by the owner's word alone: ${says}`, () => {
    const fresh = planned(new ModelDevice(), strict, spec);
    assert.deepEqual([fresh.actions, fresh.gated], [[], ["policy_denied"]]);
    assert.equal(fresh.workloads[0]!.gated!.message, says);
    assert.ok(fresh.workloads[0]!.gated!.hint);
    if (open !== null) assert.ok(planned(new ModelDevice(), open, spec).actions.includes("start"));
  });

  Deno.test(`${spec.runtime} ${field}: what runs goes on under a stricter policy, and is not started again: ${says}`, () => {
    const device = new ModelDevice();
    runs(device, spec);
    const going = planned(device, strict, spec);
    assert.deepEqual([going.actions, going.gated], [[], ["policy_denied"]]);
    assert.deepEqual([...going.grants], [["old", null]], "its shim or Docker could start it again");

    Object.assign(device.instances[0]!, { state: "exited", pid: null, exitCode: 1, endedAt: 1 });
    assert.deepEqual(planned(device, strict, spec).actions, []);
    device.instances = [];
    assert.deepEqual(planned(device, strict, spec).actions, []);
    device.forced.add(spec.name).add("old");
    assert.deepEqual(planned(device, strict, spec).actions, []);
  });

  Deno.test(`${spec.runtime} ${field}: no way back leads to it: ${says}`, () => {
    const asked: Workload = {
      ...(spec.runtime === "native" ? native({}) : docker({ image: `x@sha256:${"1".repeat(64)}` })),
      env: { NEW: "1" },
    };
    const before = { ...spec, name: "web" };
    // Its name is all that was refused.
    if (field === "name" || field === "runtime" || field === "image") return;
    const device = new ModelDevice();
    const version = { workload: before, fingerprint: fingerprint(before), revision: "r1", healthyAt: 1 };
    const refused = {
      digest: rolloutDigest(asked),
      fingerprint: fingerprint(asked),
      revision: "r2",
      target: version.fingerprint,
      by: "owner" as const,
      reason: "rolled_back" as const,
      message: "was asked for",
      at: 1,
      state: "going-back" as const,
    };
    device.states.set("web", { ...newState("web"), rollouts: { versions: [version], history: [], refused } });
    const back = planned(device, strict, asked);
    assert.deepEqual([back.actions, back.waiting.get("web")?.reason], [[], "policy_denied"]);
    if (open !== null) assert.ok(planned(device, open, asked).actions.includes("start"));
  });
}

Deno.test("a workload stays as it was applied when its manifest asks for too much, and comes back when it ends", () => {
  const device = new ModelDevice();
  const before = native({});
  runs(device, before);
  const asks = native({ user: "root", env: { NEW: "1" } });
  const going = planned(device, DEFAULT, asks);
  assert.deepEqual([going.actions, going.gated], [[], ["policy_denied"]]);
  assert.notEqual(going.grants.get("old"), undefined);
  device.instances = [];
  const again = plan(device.input(desired(asks))).actions.filter((action) => action.type === "start");
  assert.deepEqual(again.map((one) => one.fingerprint), [fingerprint(before)]);
});

Deno.test("all that is refused of a workload is in one sentence, and all the keys in its hint", () => {
  const spec = docker({ network: "host", privileged: true, capAdd: ["CAP_SYS_ADMIN"], user: "0" });
  const { gated } = planned(new ModelDevice(), DEFAULT, spec).workloads[0]!;
  assert.deepEqual(gated, {
    reason: "policy_denied",
    message: 'user: the owner of this device does not allow "0", nor network "host", nor privileged, ' +
      'nor cap_add "CAP_SYS_ADMIN"',
    hint:
      "leave them out, or change allow_root, allow_host_network, allow_privileged, allow_capabilities in [policy] " +
      "of config.toml",
  });
});

Deno.test("of two modes the one that is allowed is taken, whatever the manifest prefers", () => {
  const [asProcess, asContainer] = [native({ user: "root" }), docker({ kind: "service" })];
  const device = new ModelDevice();
  const choose = (preferred: "native" | "docker" | null, changes: Partial<Policy> = {}) => {
    device.policy = { ...DEFAULT, ...changes };
    const choices = new Map([["web", { specs: [asProcess, asContainer], preferred }]]);
    const [one] = plan(device.input({ ...desired(asProcess), choices })).workloads;
    return [one!.spec?.runtime ?? null, one!.runtimeChoice?.mode?.reason ?? one!.gated?.message];
  };
  const because = 'as native it is refused: user: the owner of this device does not allow "root"';
  assert.deepEqual(choose("native"), ["docker", because]);
  assert.deepEqual(choose(null), ["docker", because]);
  assert.deepEqual(choose("native", { allowRoot: true }), ["native", "its manifest prefers it"]);
  // The owner's own word for it is not turned into something else.
  device.owner = { modes: { web: "native" }, defaultMode: null };
  assert.deepEqual(choose(null), [null, 'user: the owner of this device does not allow "root"']);
  device.owner = { modes: {}, defaultMode: null };
  assert.deepEqual(choose(null, { runtimes: [] }), [
    null,
    'mode: the owner of this device does not allow "native", nor user "root"',
  ]);
});

Deno.test("more workloads or instances than allowed push nobody out who was there before", () => {
  const device = new ModelDevice();
  const [old, grown] = [native({ name: "old" }), native({ name: "old", replicas: 3 })];
  runs(device, old);
  const flood = Array.from({ length: 5 }, (_, index) => native({ name: `a${index}`, replicas: 2 }));
  const names = (all: ReturnType<typeof planned>) =>
    all.workloads.filter((workload) => workload.gated === null).map((workload) => workload.name);

  assert.deepEqual(names(planned(device, { ...DEFAULT, maxWorkloads: 3 }, ...flood, old)), ["a0", "a1", "old"]);
  assert.deepEqual(names(planned(device, { ...DEFAULT, maxInstances: 4 }, ...flood, old)), ["a0", "old"]);
  const more = planned(device, { ...DEFAULT, maxInstances: 2 }, grown);
  assert.deepEqual([more.actions, more.workloads[0]!.spec?.replicas], [[], 1]);
  assert.match(more.workloads[0]!.gated!.message, /^replicas: the owner of this device allows 2 instances in all/);
  // What is refused by itself takes nobody's place.
  const evil = native({ name: "a", user: "root" });
  assert.deepEqual(names(planned(new ModelDevice(), { ...DEFAULT, maxWorkloads: 1 }, evil, native({ name: "b" }))), [
    "b",
  ]);
  // What stays within is started again.
  device.instances = [];
  const again = planned(device, { ...DEFAULT, maxInstances: 2 }, grown);
  assert.deepEqual(again.actions.filter((action) => action === "start"), ["start"]);
});
