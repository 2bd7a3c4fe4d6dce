import assert from "node:assert/strict";
import type { Desired } from "../../../../src/model/desired.ts";
import type { Workload } from "../../../../src/model/workload.ts";
import { actionTitle } from "../../../../src/reconciler/pipeline/action.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { prune, type PruneInput } from "../../../../src/reconciler/pipeline/removal/prune_guards.ts";
import { native } from "../../../support/workload.ts";
import { instance, ModelDevice } from "../model_device.ts";

const REVISION = "b".repeat(40);

function check(detail: { wants: string[]; has: string[]; invalid?: string[] } & Partial<PruneInput>): string {
  const desired = {
    revision: REVISION,
    workloads: detail.wants.map((name) => ({ name })),
    invalid: (detail.invalid ?? []).map((name) => ({
      name,
      kind: "service",
      path: `services/${name}.toml`,
      problems: [],
    })),
    notSelected: [],
  } as unknown as Desired;
  const { allowed, stopped, pending } = prune({
    desired,
    present: detail.has,
    doubt: null,
    closed: null,
    grace: new Map(),
    guards: new Map(),
    confirmed: null,
    ...detail,
  });
  if (pending !== null && allowed.length + stopped.length > 0) {
    return `removes ${allowed.join(" ")}, stops ${stopped.join(" ")}, holds ${
      pending.names.join(" ")
    }: ${pending.message}`;
  }
  return pending === null ? `removes ${allowed.join(" ")}` : `holds ${pending.names.join(" ")}: ${pending.message}`;
}

Deno.test("prune removes one workload that is no longer in git", () => {
  assert.equal(check({ wants: ["web"], has: ["web", "old"] }), "removes old");
});

Deno.test("prune holds everything while a manifest of the revision has problems, even when confirmed", () => {
  const held = "holds old: nothing is removed by a revision with a manifest that has problems (services/bad.toml)";
  assert.equal(check({ wants: ["web"], has: ["web", "old"], invalid: ["bad"] }), held);
  assert.equal(check({ wants: ["web"], has: ["web", "old"], invalid: ["bad"], confirmed: REVISION }), held);
});

Deno.test("prune never takes a workload with a broken manifest for a removed one", () => {
  assert.equal(check({ wants: ["web"], has: ["web", "bad"], invalid: ["bad"] }), "removes ");
});

Deno.test("prune holds when the revision asks for nothing", () => {
  assert.equal(check({ wants: [], has: ["web"] }), "holds web: the revision asks for no workload at all");
});

Deno.test("prune holds three removals that are half of what is here, and lets two pass", () => {
  const six = ["a", "b", "c", "d", "e", "f"];
  assert.equal(check({ wants: ["a", "b", "c"], has: six }), "holds d e f: the revision removes 3 of 6 workloads");
  assert.equal(check({ wants: ["a", "b", "c"], has: six, confirmed: REVISION }), "removes d e f");
  assert.equal(check({ wants: ["a", "b"], has: ["a", "b", "c", "d"] }), "removes c d");
  assert.equal(check({ wants: ["a", "b", "c", "d"], has: [...six, "g"] }), "removes e f g");
});

Deno.test("prune holds when the source itself is in doubt, and a confirmation counts for one revision", () => {
  const doubt = 'the repository changed from "a" to "b"';
  assert.equal(check({ wants: ["web"], has: ["web", "old"], doubt }), `holds old: ${doubt}`);
  assert.equal(check({ wants: ["web"], has: ["web", "old"], doubt, confirmed: "c".repeat(40) }), `holds old: ${doubt}`);
  assert.equal(check({ wants: ["web"], has: ["web", "old"], doubt, confirmed: REVISION }), "removes old");
});

Deno.test("prune leaves what asked for it until the owner confirms, and takes the others", () => {
  const guards = new Map([["db", "keep"], ["cache", "stop"]] as const);
  const asked = { wants: ["web", "x", "y", "z"], has: ["web", "x", "y", "z", "db", "cache", "old"], guards };
  assert.equal(
    check(asked),
    'removes old, stops cache, holds cache db: their manifests said prune = "stop" and "keep"',
  );
  assert.equal(check({ ...asked, has: ["web", "db"] }), 'holds db: its manifest said prune = "keep"');
  assert.equal(check({ ...asked, confirmed: REVISION }), "removes cache db old");
});

/** A device that runs "old", which git stops holding, with ten minutes of grace. */
function withGrace() {
  const [old, web] = [native({ name: "old" }), native({ name: "web" })];
  const device = new ModelDevice([instance(old, { id: "a", slot: 0 }), instance(web, { id: "b", slot: 0 })]);
  device.graceMs = 600_000;
  const look = (...workloads: Workload[]) => {
    const made = plan(device.input({ revision: REVISION, workloads, invalid: [], notSelected: [] }));
    device.remember(made);
    return made;
  };
  return { device, old, web, look };
}

Deno.test("prune lets a workload that git no longer holds stay for its time of grace, and then removes it", () => {
  const { device, web, look } = withGrace();
  const first = look(web);
  assert.deepEqual(first.actions, []);
  assert.deepEqual(first.pendingRemoval, {
    names: ["old"],
    message: "it stays until 1970-01-01 00:26 UTC, in case a push brings it back (prune_grace)",
  });
  assert.equal(first.wakeAt, device.now + 600_000);
  device.now += 599_999;
  assert.deepEqual(look(web).actions, [], "it counts from the first look");
  device.now += 1;
  assert.deepEqual(look(web).actions.map(actionTitle), ["stop old[0]", "remove old[0]"]);
});

Deno.test("prune forgets that a workload was gone when a push brings it back, and a word removes it before", () => {
  const { device, old, web, look } = withGrace();
  look(web);
  device.now += 500_000;
  look(old, web);
  assert.equal(device.states.get("old")?.goneSince, null);
  device.now += 200_000;
  assert.deepEqual(look(web).actions, [], "its time begins anew");
  device.pruneConfirmed = REVISION;
  assert.deepEqual(look(web).actions.map(actionTitle), ["stop old[0]", "remove old[0]"]);
});
