/** [pure] `rollout`: how a workload is taken to what a push asks for. */
import { rolloutPolicy } from "../../model/rollout_policy.ts";
import type { RolloutPolicy } from "../../model/workload.ts";
import { type Field, field, number, oneOf } from "../grammar.ts";
import type { Table } from "../place.ts";
import { windows } from "./schedule/maintenance_window.ts";
import { duration } from "./quantity.ts";

const DEFAULT = rolloutPolicy();

export const ROLLOUT_FIELDS: Field[] = [
  field("strategy", oneOf("recreate", "start-first", "rolling"), DEFAULT.strategy, {
    shown: "what fits it",
    doc: "The old first, the new first, or slot by slot",
    example: 'strategy = "start-first"',
  }),
  field("max_parallel", number({ min: 1, max: 100 }), DEFAULT.maxParallel, {
    shown: "1",
    doc: "start-first, rolling: instances that are replaced at the same time",
    example: "max_parallel = 2",
  }),
  field("max_unavailable", number({ min: 1, max: 100 }), DEFAULT.maxUnavailable, {
    shown: "1",
    doc: "rolling: instances that may be missing at the same time",
    example: "max_unavailable = 2",
  }),
  field("deadline", duration(1000), DEFAULT.deadlineMs, {
    shown: '"5m"',
    doc: "Healthy by then, or back to what was healthy before; a start_period lengthens it where it is shorter",
    example: 'deadline = "2m"',
  }),
  field("scope", oneOf("workload", "revision"), DEFAULT.scope, {
    shown: "as the device says",
    doc: "What goes back when it fails: it alone, or all of the revision",
    example: 'scope = "revision"',
  }),
  field("windows", windows, [], {
    shown: "any time",
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
