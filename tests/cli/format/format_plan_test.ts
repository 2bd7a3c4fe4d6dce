import assert from "node:assert/strict";
import type { PlannedAction, PlanPreview } from "../../../src/operations/plan_preview.ts";
import { formatPlan } from "../../../src/cli/format/format_plan.ts";

const NOTHING: PlanPreview = {
  revision: "a".repeat(40),
  source_error: null,
  actions: [],
  problems: [],
  pending_removal: null,
  unknown: [],
};

function action(type: string, name: string, because: [reason: string, message: string]): PlannedAction {
  return { type, action: `${type} ${name}`, workload: name.split("[")[0]!, reason: because[0], message: because[1] };
}

Deno.test("a plan says why once for the steps of one change", () => {
  const changed: [string, string] = ["spec_changed", "env.LEVEL changed"];
  const actions = [
    action("prepare", "lamp", changed),
    action("stop", "lamp[0]", changed),
    action("start", "lamp[0]", changed),
    action("start", "lamp[1]", ["replica_missing", "replicas = 2 asks for it"]),
    action("remove", "old[0]", ["removed", "is no longer in the repository"]),
  ];
  assert.equal(
    formatPlan({ ...NOTHING, actions }),
    [
      "revision aaaaaaa: 5 actions for 2 workloads",
      "  * prepare lamp",
      "  - stop lamp[0]",
      "  + start lamp[0]",
      "      spec_changed: env.LEVEL changed",
      "  + start lamp[1]",
      "      replica_missing: replicas = 2 asks for it",
      "  - remove old[0]",
      "      removed: is no longer in the repository",
    ].join("\n"),
  );
});

Deno.test("a plan without actions says so, and what it left alone", () => {
  const unknown = [{ runtime: "docker", message: 'Docker does not answer on "/var/run/docker.sock"' }];
  assert.equal(
    formatPlan({ ...NOTHING, unknown }),
    [
      "revision aaaaaaa: nothing to do",
      "  ? workloads of docker are left alone: Docker does not answer on",
      '    "/var/run/docker.sock"',
    ].join("\n"),
  );
});
