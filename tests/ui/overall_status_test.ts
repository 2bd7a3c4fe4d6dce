import assert from "node:assert/strict";
import { groups } from "../../src/model/workload_groups.ts";
import { overallStatus } from "../../ui/overall_status.ts";
import { guardedSnapshot, healthySnapshot, jobSnapshot, troubledSnapshot, workload } from "../support/snapshots.ts";

function names(group: readonly { name: string }[]): string[] {
  return group.map((one) => one.name);
}

Deno.test("the page puts what is wrong before what takes time, and that before what is as asked", () => {
  const { attention, moving, well } = groups(jobSnapshot().workloads);
  assert.deepEqual(names(attention), ["radio"]);
  assert.deepEqual(names(moving), ["web"]);
  assert.deepEqual(names(well), ["backup", "recorder"]);
});

Deno.test("the page needs nobody for what is switched off, suspended, or due later", () => {
  const quiet = [
    workload("off", { phase: "stopped", health: "unknown", reason: "disabled" }),
    workload("left", { sync: "suspended", reason: "suspended" }),
    workload("nightly", { phase: "pending", health: "unknown", reason: "scheduled" }),
  ];
  assert.deepEqual(names(groups(quiet).well), ["off", "left", "nightly"]);
});

Deno.test("the page shows a suspended workload that fails as one that needs attention", () => {
  const override = { action: "suspend", since: "2026-11-21T16:00:00.000Z", until: null } as const;
  const failing = [
    workload("suspended", { phase: "backoff", health: "unhealthy", sync: "suspended", reason: "crash_loop", override }),
    workload("left", { phase: "failed", health: "unhealthy", sync: "suspended", reason: "exit_nonzero" }),
  ];
  assert.deepEqual(names(groups(failing).attention), ["suspended", "left"]);
});

Deno.test("the page shows each workload once", () => {
  for (const { workloads } of [healthySnapshot(), jobSnapshot(), troubledSnapshot()]) {
    const { attention, moving, well } = groups(workloads);
    assert.deepEqual(names([...attention, ...moving, ...well]).sort(), names(workloads).sort());
  }
});

Deno.test("the page says in one sentence how a device is", () => {
  assert.equal(overallStatus(healthySnapshot()).sentence, "All 4 workloads are healthy");
  assert.equal(overallStatus(troubledSnapshot()).sentence, "3 of 4 need attention");
  assert.equal(overallStatus({ ...healthySnapshot(), workloads: [] }).sentence, "Nothing to run");
});

Deno.test("the page tells apart what the owner has left alone, and what is not allowed here", () => {
  const { attention, well } = groups(guardedSnapshot().workloads);
  assert.deepEqual([names(attention), names(well)], [["lamp", "mail"], ["camera", "web"]]);
  const { workloads, ...rest } = guardedSnapshot();
  const quiet = {
    ...rest,
    workloads: workloads.filter((workloadStatus) => workloadStatus.name === "camera" || workloadStatus.name === "web"),
  };
  assert.equal(overallStatus(quiet).sentence, "1 of 2 as asked, 1 left alone");
});

Deno.test("the page says of a healthy device that a revision is not used on it", () => {
  const healthy = healthySnapshot();
  const error = {
    reason: "signature_missing",
    message: "Revision c0ffee0 is not signed",
    hint: null,
    transient: false,
  } as const;
  const source = { ...healthy.source, error };
  const told = overallStatus({ ...healthy, source });
  assert.deepEqual(told, { sentence: "All 4 workloads are healthy; a revision is not used", tone: "bad" });
  assert.equal(overallStatus({ ...healthy, source, workloads: [] }).sentence, "The revision is not used");
});
