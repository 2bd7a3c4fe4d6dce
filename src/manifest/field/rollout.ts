/** [pure] `rollout`: how a workload changes to a new spec. */
import { rolloutPolicy } from "../../model/rollout_policy.ts";
import type { RolloutPolicy } from "../../model/workload.ts";
import { field, fields, type Infer, withDefaults } from "../../schema/field_table.ts";
import { duration } from "../../schema/quantity.ts";
import { number, oneOf } from "../../schema/schema.ts";
import { windows } from "./maintenance_window.ts";

const DEFAULT = rolloutPolicy();

export const ROLLOUT_FIELDS = fields({
  strategy: field(oneOf("recreate", "start-first", "rolling"), DEFAULT.strategy, {
    defaultText: "what fits it",
    doc: "The old first, the new first, or slot by slot",
    example: 'strategy = "start-first"',
  }),
  max_parallel: field(number({ min: 1, max: 100 }), DEFAULT.maxParallel, {
    defaultText: "1",
    doc: "start-first, rolling: instances that are replaced at the same time",
    example: "max_parallel = 2",
  }),
  max_unavailable: field(number({ min: 1, max: 100 }), DEFAULT.maxUnavailable, {
    defaultText: "1",
    doc: "rolling: instances that may be missing at the same time",
    example: "max_unavailable = 2",
  }),
  deadline: field(duration(1000), DEFAULT.deadlineMs, {
    defaultText: '"5m"',
    doc: "Healthy by then, or back to what was healthy before; a start_period lengthens it where it is shorter",
    example: 'deadline = "2m"',
  }),
  scope: field(oneOf("workload", "revision"), DEFAULT.scope, {
    defaultText: "as the device says",
    doc: "What goes back when it fails: it alone, or all of the revision",
    example: 'scope = "revision"',
  }),
  windows: field(windows, [], {
    defaultText: "any time",
    doc: "When changes of it may be carried out; those of the device must be open as well",
    example: 'windows = [{ schedule = "0 3 * * *", duration = "2h" }]',
  }),
});

type RolloutRead = Infer<typeof ROLLOUT_FIELDS>;

/** Returns the policy of the `rollout` table; null or undefined for a manifest without one. */
export function buildRollout(read: RolloutRead | null | undefined): RolloutPolicy {
  if (read === null || read === undefined) return DEFAULT;
  const { strategy, max_parallel, max_unavailable, deadline, scope } = withDefaults(ROLLOUT_FIELDS, read);
  return { strategy, maxParallel: max_parallel, maxUnavailable: max_unavailable, deadlineMs: deadline, scope };
}
