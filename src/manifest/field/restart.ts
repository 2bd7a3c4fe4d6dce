/** [pure] `restart`: a word, or a table that says how often and how fast. */
import type { RestartPolicy } from "../../model/workload.ts";
import { type Field, field, list, number, oneOf, readFields, type Schema, tableSchema } from "../../schema/schema.ts";
import { isTable } from "../../schema/diagnostic.ts";
import { duration } from "../../schema/quantity.ts";

const WHEN = oneOf("always", "on-failure", "never");

/**
 * Delays below one second starve a single-core board in a crash loop; above five minutes a service that would work
 * again stays away longer than a person waits. No limit: a device that nobody looks at must come back by itself.
 */
export const RESTART_FIELDS: Field[] = [
  field("policy", WHEN, "always", {
    defaultText: '"always"',
    doc: "After which end it is started again",
    example: 'policy = "on-failure"',
  }),
  field("delay", duration(), 1000, {
    defaultText: '"1s"',
    doc: "Before the second restart in a row; the first comes at once",
    example: 'delay = "2s"',
  }),
  field("max_delay", duration(), 300_000, {
    defaultText: '"5m"',
    doc: "The longest delay",
    example: 'max_delay = "1m"',
  }),
  field("factor", number({ min: 1, max: 100, whole: false }), 2, {
    defaultText: "2",
    doc: "Each delay is this many times the one before",
    example: "factor = 1.5",
  }),
  field("jitter", number({ min: 0, max: 1, whole: false }), 0.1, {
    defaultText: "0.1",
    doc: "Part of a delay that is left to chance",
    example: "jitter = 0.2",
  }),
  field("max_restarts", number({ min: 0, max: 1000 }), null, {
    defaultText: "no limit",
    doc: "More restarts than this within window, and it has failed",
    example: "max_restarts = 5",
  }),
  field("window", duration(1), 300_000, {
    defaultText: '"5m"',
    doc: "The time in which restarts are counted",
    example: 'window = "10m"',
  }),
  field("success_exit_codes", list(number({ min: 0, max: 255 }), "an array of exit codes"), [], {
    doc: "Codes that are no failure, beside 0",
    example: "success_exit_codes = [143]",
  }),
  field("reset_after", duration(), 10_000, {
    defaultText: '"10s"',
    doc: "After running this long its end counts as the first again",
    example: 'reset_after = "1m"',
  }),
];

export const restart: Schema<RestartPolicy> = {
  expected: `${WHEN.expected}, or a table`,
  jsonSchema: { anyOf: [WHEN.jsonSchema, tableSchema(RESTART_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const when = WHEN.read(value, scope);
      return when === undefined ? undefined : restartPolicy(when);
    }
    const read = readFields(RESTART_FIELDS, value, { scope });
    const [delay, most] = [read.delay as number | undefined, read.max_delay as number | undefined];
    if (delay !== undefined && most !== undefined && delay > most) {
      scope.at("delay").error("is longer than max_delay", "raise max_delay, or take it out");
    }
    return {
      when: read.policy as RestartPolicy["when"],
      delayMs: read.delay as number,
      maxDelayMs: read.max_delay as number,
      factor: read.factor as number,
      jitter: read.jitter as number,
      maxRestarts: read.max_restarts as number | null,
      windowMs: read.window as number,
      successExitCodes: read.success_exit_codes as number[],
      resetAfterMs: read.reset_after as number,
    };
  },
};

/** What the word alone means. */
export function restartPolicy(when: RestartPolicy["when"]): RestartPolicy {
  return {
    when,
    delayMs: 1000,
    maxDelayMs: 300_000,
    factor: 2,
    jitter: 0.1,
    maxRestarts: null,
    windowMs: 300_000,
    successExitCodes: [],
    resetAfterMs: 10_000,
  };
}
