import assert from "node:assert/strict";
import type { Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import { type CommitState, commitStates, unsent } from "../../src/notify/commit_state.ts";
import { healthySnapshot, rolledBackWorkload, workload } from "../support/snapshots.ts";

const [OLD, NEW, NEXT] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];

/** OLD is healthy, NEW is being applied. */
function snapshot(source: Partial<Snapshot["source"]> = {}, workloads: WorkloadStatus[] = []): Snapshot {
  const healthy = healthySnapshot();
  const own = { seen: NEW, attempted: NEW, planned: NEW, applied: OLD, healthy: OLD, error: null, ...source };
  return { ...healthy, source: { ...healthy.source, ...own }, workloads };
}

const shown = (found: CommitState[]) =>
  found.map(({ revision, state, description }) => `${revision[0]} ${state}: ${description}`);

Deno.test("a commit is pending until all of it is healthy, and never a success before", () => {
  const web = workload("web", { phase: "starting", health: "unknown" });
  assert.deepEqual(shown(commitStates(snapshot({}, [web]))), ["b pending: is being applied"]);
  assert.deepEqual(shown(commitStates(snapshot({ applied: NEW }, [web]))), ["b pending: is being applied"]);
  assert.deepEqual(shown(commitStates(snapshot({ healthy: NEW }, [workload("web")]))), [
    "b success: applied, the workload is healthy",
  ]);
  assert.deepEqual(commitStates(snapshot({ attempted: null, seen: null })), []);
});

Deno.test("a commit has failed with the reason, and with what runs in its place", () => {
  const cases: [WorkloadStatus, RegExp][] = [
    [rolledBackWorkload(), /^b failure: door: rolled back: was not healthy within 2m: .*; running aaaaaaa$/],
    [
      workload("web", { phase: "invalid", message: "web.toml has 2 problems" }),
      /^b failure: web: web.toml has 2 problems; running/,
    ],
    [
      workload("web", { phase: "failed", message: "ended with exit code 7" }),
      /^b failure: web: ended with exit code 7; running/,
    ],
    [
      workload("web", { phase: "blocked", reason: "policy_denied", message: "root" }),
      /^b failure: web: .*does not allow it: root/,
    ],
    [workload("web", { phase: "blocked", reason: "docker_unavailable" }), /^b pending: is being applied$/],
    [workload("web", { phase: "failed", sync: "out-of-sync" }), /^b pending/],
    [workload("web", { phase: "backoff" }), /^b pending/],
  ];
  for (const [status, wanted] of cases) {
    const [found] = shown(commitStates(snapshot({}, [workload("well"), status])));
    assert.match(found!, wanted);
    // What is shown as of the revision before says nothing of this one.
    assert.match(shown(commitStates(snapshot({ planned: OLD }, [status])))[0]!, /^b pending: is being applied$/);
  }
  const byHand = { ...rolledBackWorkload(), refused: { ...rolledBackWorkload().refused!, by: "owner" as const } };
  assert.match(shown(commitStates(snapshot({}, [byHand])))[0]!, /^b pending/);
  const first = snapshot({ healthy: null, applied: null }, [workload("web", { phase: "invalid", message: "broken" })]);
  assert.deepEqual(shown(commitStates(first)), ["b failure: web: broken"]);
});

Deno.test("a commit that is not taken has failed, beside the one that is being applied; a network that is away is no failure", () => {
  const error = (reason: "repo_invalid" | "repo_unreachable" | "auth_failed") => ({
    reason,
    message: "no",
    hint: null,
    transient: false,
  });
  assert.deepEqual(shown(commitStates(snapshot({ seen: NEXT, error: error("repo_invalid") }))), [
    "b pending: is being applied",
    "c failure: no; running aaaaaaa",
  ]);
  const cutOff = { ...error("repo_invalid"), transient: true };
  assert.deepEqual(shown(commitStates(snapshot({ seen: NEXT, error: cutOff }))), ["b pending: is being applied"]);
  for (const reason of ["repo_unreachable", "auth_failed"] as const) {
    assert.deepEqual(shown(commitStates(snapshot({ seen: NEXT, error: error(reason) }))), [
      "b pending: is being applied",
    ]);
  }
});

Deno.test("a commit that waits is pending with the reason, and one that is to be skipped is nothing", () => {
  const delayed = { revision: NEXT, reason: "revision_delayed" as const, message: "waits until noon", until: null };
  assert.deepEqual(shown(commitStates(snapshot({ seen: NEXT, delayed })))[1], "c pending: waits until noon");
  const skipped = { ...delayed, reason: "revision_skipped" as const };
  assert.equal(commitStates(snapshot({ seen: NEXT, delayed: skipped })).length, 1);
});

Deno.test("a removal that waits for the owner is said while the commit is pending", () => {
  const pending = { ...snapshot(), pending_removal: { names: ["web", "door"], message: "many" } };
  assert.deepEqual(shown(commitStates(pending)), ["b pending: removal of web, door is pending"]);
});

Deno.test("a forge hears each state once, a success last, and of what was left behind", () => {
  const state = (revision: string, state: CommitState["state"], description = "") => ({ revision, state, description });
  const told = (before: CommitState[], ...now: CommitState[]) =>
    shown(unsent(before, now)).map((one) => one.slice(0, 12));
  assert.deepEqual(told([], state(NEW, "pending")), ["b pending: "]);
  assert.deepEqual(told([state(NEW, "pending")], state(NEW, "pending")), []);
  assert.deepEqual(told([state(NEW, "pending")], state(NEW, "pending", "held")), ["b pending: h"]);
  assert.deepEqual(told([state(NEW, "pending")], state(NEW, "success")), ["b success: "]);
  assert.deepEqual(told([state(NEW, "pending")], state(NEW, "failure")), ["b failure: "]);
  assert.deepEqual(told([state(NEW, "failure")], state(NEW, "pending")), []);
  assert.deepEqual(told([state(NEW, "failure", "one")], state(NEW, "failure", "another")), []);
  assert.deepEqual(told([state(NEW, "failure")], state(NEW, "success")), ["b success: "]);
  assert.deepEqual(told([state(NEW, "success")], state(NEW, "failure")), []);
  assert.deepEqual(told([state(NEW, "success")], state(NEW, "success")), []);
  const left = [state(OLD, "success"), state(NEW, "pending")];
  assert.deepEqual(shown(unsent(left, [state(NEXT, "pending")])), [
    "b superseded: superseded by ccccccc before it was healthy",
    "c pending: ",
  ]);
  assert.deepEqual(told([state(NEW, "superseded")], state(NEW, "pending")), ["b pending: "]);
  assert.deepEqual(unsent(left, []), []);
});
