import assert from "node:assert/strict";
import { statusLine } from "../../src/daemon/status_line.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { healthySnapshot, jobSnapshot, workload } from "../support/snapshots.ts";

function line(fields: Partial<Omit<Snapshot, "source">> & { source?: Partial<Snapshot["source"]> }): string {
  const healthy = healthySnapshot();
  return statusLine({ ...healthy, ...fields, source: { ...healthy.source, ...fields.source } });
}

Deno.test("the line of a healthy device is its revision, and how many are healthy", () => {
  assert.equal(line({}), "4f2c91a Brighter lamp at night; 4 of 4 healthy");
});

Deno.test("the line names the one thing that is wrong, and why", () => {
  assert.equal(
    line({ workloads: jobSnapshot().workloads }),
    "4f2c91a Brighter lamp at night; 2 of 4 healthy; " +
      "radio: ended 5 times within 1m, the last time with exit code 3",
  );
  const error = { reason: "repo_unreachable", message: "git.example.org does not answer", hint: null, transient: true };
  assert.equal(
    line({ source: { error: error as Snapshot["source"]["error"] } }),
    "4f2c91a Brighter lamp at night; 4 of 4 healthy; git.example.org does not answer",
  );
  const pending_removal = { names: ["a", "b"], message: "the branch changed" };
  assert.match(line({ pending_removal }), /4 of 4 healthy; removal of a, b is pending$/);
});

Deno.test("the line says what is under way where nothing is wrong", () => {
  const moving = workload("web", { phase: "starting", health: "unknown", reason: "starting", message: "was started" });
  assert.match(line({ workloads: [workload("db"), moving] }), /; 1 of 2 healthy; web: was started$/);
});

Deno.test("the line is one line, and no longer than it is useful", () => {
  const subject = `Brighter\x1b[2J\nREADY=1 ${"and brighter ".repeat(20)}`;
  const message = line({ source: { subject } });
  assert.ok(!/\p{Cc}/u.test(message));
  assert.match(message, /^4f2c91a Brighter .{30,}…; 4 of 4 healthy$/);
  assert.ok(message.length < 90);
});

Deno.test("the line is true before there is a revision, and of one that is not the repository's", () => {
  assert.equal(line({ workloads: [], source: { planned: null } }), "no revision yet; nothing to run");
  assert.equal(line({ source: { planned: "last applied specs" } }), "last applied specs; 4 of 4 healthy");
  assert.equal(line({ source: { attempted: "f".repeat(40) } }), "4f2c91a; 4 of 4 healthy");
});
