import assert from "node:assert/strict";
import { newState, type WorkloadState } from "../../../src/model/workload_state.ts";
import { renames } from "../../../src/reconciler/pipeline/renames.ts";
import { native } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";

const moved = native({ name: "new", movedFrom: "old" });
const taken = new Map<string, WorkloadState>([["new", { ...newState("new"), formerName: "old" }]]);
const broken = { name: "new", kind: "service" as const, path: "services/new.toml", problems: [] };

const CASES: [claim: string, ...input: Parameters<typeof renames>, names: [string, string][]][] = [
  ["a manifest says so", desired([moved]), new Map(), [["old", "new"]]],
  ["it was taken over, and the field is gone", desired([native({ name: "new" })]), taken, [["old", "new"]]],
  ["it was taken over, and the manifest is broken", { ...desired([]), invalid: [broken] }, taken, [["old", "new"]]],
  ["the old name is somebody's again", desired([native({ name: "new" }), native({ name: "old" })]), taken, []],
  ["the new one is gone, too", desired([]), taken, []],
  ["nothing is known", null, taken, []],
];

for (const [claim, revision, memory, names] of CASES) {
  Deno.test(`names that moved: ${claim}`, () => assert.deepEqual([...renames(revision, memory)], names));
}
