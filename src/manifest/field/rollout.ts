/** [pure] `rollout`: how a workload is taken to what a push asks for. */
import { rolloutPolicy } from "../../model/rollout_policy.ts";
import type { RolloutPolicy } from "../../model/workload.ts";
import { type Field, field, number, oneOf } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { windows } from "./maintenance_window.ts";
import { duration } from "../../schema/quantity.ts";

const DEFAULT = rolloutPolicy();

export const ROLLOUT_FIELDS: Field[] = [
  field("strategy", oneOf("recreate", "start-first", "rolling"), DEFAULT.strategy, {
    defaultText: "what fits it",
    doc: "The old first, the new first, or slot by slot",
    example: 'strategy = "start-first"',
  }),
  field("max_parallel", number({ min: 1, max: 100 }), DEFAULT.maxParallel, {
    defaultText: "1",
    doc: "start-first, rolling: instances that are replaced at the same time",
    example: "max_parallel = 2",
  }),
  field("max_unavailable", number({ min: 1, max: 100 }), DEFAULT.maxUnavailable, {
    defaultText: "1",
    doc: "rolling: instances that may be missing at the same time",
    example: "max_unavailable = 2",
  }),
  field("deadline", duration(1000), DEFAULT.deadlineMs, {
    defaultText: '"5m"',
    doc: "Healthy by then, or back to what was healthy before",
    example: 'deadline = "2m"',
  }),
  field("scope", oneOf("workload", "revision"), DEFAULT.scope, {
    defaultText: "as the device says",
    doc: "What goes back when it fails: it alone, or all of the revision",
    example: 'scope = "revision"',
  }),
  field("windows", windows, [], {
    defaultText: "any time",
    doc: "When changes of it may be carried out; those of the device must be open as well",
    example: 'windows = [{ schedule = "0 3 * * *", duration = "2h" }]',
  }),
];

/** Of the `rollout` table; null for none. */
export function buildRollout(read: Table | null | undefined): RolloutPolicy {
  if (read === null || read === undefined) return DEFAULT;
  return {
    strategy: read.strategy as RolloutPolicy["strategy"],
    maxParallel: read.max_parallel as number,
    maxUnavailable: read.max_unavailable as number,
    deadlineMs: read.deadline as number,
    scope: read.scope as RolloutPolicy["scope"],
  };
}
