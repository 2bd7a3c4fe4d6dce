/** [pure] `restart`: after which exits a workload is started again, how often and how fast. */
import type { RestartPolicy } from "../../model/workload.ts";
import { field, fields, type InferComplete, readFields, tableSchema, withDefaults } from "../../schema/field_table.ts";
import { duration } from "../../schema/quantity.ts";
import { list, number, oneOf, present, type Schema } from "../../schema/schema.ts";
import { isTable } from "../../schema/toml_value.ts";

const WHEN = oneOf("always", "on-failure", "never");

/**
 * Delays below one second starve a single-core board in a crash loop. With delays above five minutes, a service that
 * would work again stays down longer than a person waits. No limit of restarts: an unattended device must recover by
 * itself.
 */
export const RESTART_FIELDS = fields({
  policy: field(WHEN, "always", {
    defaultText: '"always"',
    doc: "After which end it is started again",
    example: 'policy = "on-failure"',
  }),
  delay: field(duration(), 1000, {
    defaultText: '"1s"',
    doc: "Before the second restart in a row; the first comes at once",
    example: 'delay = "2s"',
  }),
  max_delay: field(duration(), 300_000, {
    defaultText: '"5m"',
    doc: "The longest delay",
    example: 'max_delay = "1m"',
  }),
  factor: field(number({ min: 1, max: 100, whole: false }), 2, {
    defaultText: "2",
    doc: "Each delay is this many times the one before",
    example: "factor = 1.5",
  }),
  jitter: field(number({ min: 0, max: 1, whole: false }), 0.1, {
    defaultText: "0.1",
    doc: "Part of a delay that is left to chance",
    example: "jitter = 0.2",
  }),
  max_restarts: field(number({ min: 0, max: 1000 }), null, {
    defaultText: "no limit",
    doc: "More restarts than this within window, and it has failed",
    example: "max_restarts = 5",
  }),
  window: field(duration(1), 300_000, {
    defaultText: '"5m"',
    doc: "The time in which restarts are counted",
    example: 'window = "10m"',
  }),
  success_exit_codes: field(list(number({ min: 0, max: 255 }), "an array of exit codes"), [], {
    doc: "Codes that are no failure, beside 0",
    example: "success_exit_codes = [143]",
  }),
  reset_after: field(duration(), 10_000, {
    defaultText: '"10s"',
    doc: "After running this long its end counts as the first again",
    example: 'reset_after = "1m"',
  }),
});

/** A condition, or a table that says how often and how fast. */
export const restart: Schema<RestartPolicy> = {
  expected: `${WHEN.expected}, or a table`,
  jsonSchema: { anyOf: [WHEN.jsonSchema, tableSchema(RESTART_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const when = WHEN.read(value, scope);
      return when === undefined ? undefined : restartPolicy(when);
    }
    const read = readFields(RESTART_FIELDS, value, { scope });
    const { delay, max_delay: maxDelay } = read;
    if (delay !== undefined && maxDelay !== undefined && delay > maxDelay) {
      scope.at("delay").error("is longer than max_delay", "raise max_delay, or take it out");
    }
    return policyOf(withDefaults(RESTART_FIELDS, read));
  },
};

/** Returns the policy of a manifest that says the condition and nothing else. */
export function restartPolicy(when: RestartPolicy["when"]): RestartPolicy {
  return { ...policyOf(withDefaults(RESTART_FIELDS)), when };
}

function policyOf(values: InferComplete<typeof RESTART_FIELDS>): RestartPolicy {
  return {
    when: values.policy,
    delayMs: values.delay,
    maxDelayMs: values.max_delay,
    factor: values.factor,
    jitter: values.jitter,
    maxRestarts: values.max_restarts,
    windowMs: values.window,
    successExitCodes: present(values.success_exit_codes),
    resetAfterMs: values.reset_after,
  };
}
