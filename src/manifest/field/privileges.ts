/** [pure] The fields of a service that say as whom, and within which bounds, its program runs. */
import type { Limit, LimitName } from "../../model/workload.ts";
import { capability } from "../../schema/linux_capability.ts";
import { type Field, field, flag, list, number, type Schema, text } from "../../schema/schema.ts";
import { suggest } from "../../schema/suggest.ts";
import { type DiagnosticScope, isTable, quote } from "../../schema/diagnostic.ts";
import { parseSize } from "../../schema/quantity.ts";

const ACCOUNT = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const group = text({ pattern: ACCOUNT, expected: "the name or number of a group" });

const LIMITS: readonly LimitName[] = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

export const PRIVILEGE_FIELDS: Field[] = [
  field("user", text({ pattern: ACCOUNT, expected: "the name or number of a user" }), null, {
    defaultText: "one of its own",
    doc: "Name or number of the user it runs as",
    example: 'user = "www-data"',
  }),
  field("group", group, null, {
    defaultText: "the user's",
    doc: "Name or number of its group",
    example: 'group = "www-data"',
  }),
  field("supplementary_groups", list(group, "an array of groups"), [], {
    doc: "Further groups, like dialout",
    example: 'supplementary_groups = ["dialout"]',
  }),
  field("umask", umask(), null, {
    defaultText: "the usual 022",
    doc: "What is taken from the mode of files that it makes",
    example: 'umask = "027"',
  }),
  field("nice", number({ min: -20, max: 19 }), null, {
    doc: "Its turn at the CPU: -20 comes first, 19 last",
    example: "nice = 10",
  }),
  field("oom_score_adj", number({ min: -1000, max: 1000 }), null, {
    doc: "1000 is killed first when memory runs out, -1000 never",
    example: "oom_score_adj = 500",
  }),
  field("limits", limits(LIMITS), {}, {
    doc: "Of each process, as prlimit(1) names them: a number, a size, or soft and hard",
    example: 'limits = { nofile = 4096, core = 0, as = "1Gi" }',
  }),
  field("capabilities", list(capability, "an array of capabilities"), [], {
    doc: "What it may do though it is not root; the device must allow it",
    example: 'capabilities = ["CAP_NET_RAW"]',
  }),
  field("no_new_privileges", flag, true, {
    defaultText: "true",
    doc: "false lets set-user-id programs, like sudo, work",
    example: "no_new_privileges = false",
  }),
];

/** In bits, as chmod(1) writes them. */
function umask(): Schema<number> {
  const expected = 'three octal digits like "027"';
  return {
    expected,
    jsonSchema: { type: "string", pattern: "^0?[0-7]{3}$" },
    read: (value, scope) =>
      typeof value === "string" && /^0?[0-7]{3}$/.test(value)
        ? Number.parseInt(value, 8)
        : scope.error(`is ${quote(value)}, wanted ${expected}`),
  };
}

type Bound = number | null;

/** A table of limits by these names. */
export function limits(names: readonly LimitName[]): Schema<Partial<Record<LimitName, Limit>>> {
  const bound = { anyOf: [{ type: "integer", minimum: 0 }, { type: "string" }] };
  const one = {
    anyOf: [...bound.anyOf, { type: "object", properties: { soft: bound, hard: bound }, additionalProperties: false }],
  };
  return {
    expected: "a table of limits",
    jsonSchema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, one])),
      additionalProperties: false,
    },
    read(value, scope) {
      if (!isTable(value)) return scope.error(`is ${quote(value)}, wanted a table of limits`);
      const read: Partial<Record<LimitName, Limit>> = {};
      for (const [name, given] of Object.entries(value)) {
        if (!names.includes(name as LimitName)) {
          const close = suggest(name, names);
          const hint = ["memory", "cpus", "pids"].includes(name)
            ? "memory, cpu and pids are fields of resources"
            : close === null
            ? `the limits are ${names.join(", ")}`
            : `did you mean "${close}"?`;
          scope.at(name).keyError(`there is no limit named ${quote(name)}`, hint);
          continue;
        }
        const limit = readLimit(given, scope.at(name));
        if (limit !== undefined) read[name as LimitName] = limit;
      }
      return read;
    },
  };
}

function readLimit(given: unknown, scope: DiagnosticScope): Limit | undefined {
  if (!isTable(given)) {
    const both = readBound(given, scope);
    return both === undefined ? undefined : { soft: both, hard: both };
  }
  for (const name of Object.keys(given)) {
    if (name !== "soft" && name !== "hard") scope.at(name).keyError(`a limit has no ${quote(name)}`);
  }
  const hard = given.hard === undefined ? null : readBound(given.hard, scope.at("hard"));
  const soft = given.soft === undefined ? hard : readBound(given.soft, scope.at("soft"));
  if (hard === undefined || soft === undefined) return undefined;
  if (hard !== null && (soft === null || soft > hard)) return scope.at("soft").error("is above hard");
  return { soft, hard };
}

function readBound(value: unknown, scope: DiagnosticScope): Bound | undefined {
  if (value === "unlimited") return null;
  const count = typeof value === "string" ? parseSize(value) : typeof value === "bigint" ? Number(value) : value;
  if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) return count;
  return scope.error(
    `is ${quote(value)}, wanted a whole number, a size like "64Mi", or "unlimited"`,
    value === -1 ? 'write "unlimited"' : undefined,
  );
}
