/** [pure] Fields of a service for its user, its resource limits and its privileges. */
import type { Limit, LimitName } from "../../model/rlimit.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields } from "../../schema/field_table.ts";
import { capability } from "../../schema/linux_capability.ts";
import { parseSize } from "../../schema/quantity.ts";
import { flag, list, number, type Schema, text } from "../../schema/schema.ts";
import { suggest } from "../../schema/suggest.ts";
import { isTable, quote } from "../../schema/toml_value.ts";

const ACCOUNT = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const group = text({ pattern: ACCOUNT, expected: "the name or number of a group" });

const LIMITS = [
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
] as const satisfies readonly LimitName[];

export const PRIVILEGE_FIELDS = fields({
  user: field(text({ pattern: ACCOUNT, expected: "the name or number of a user" }), null, {
    defaultText: "one of its own",
    doc: "Name or number of the user it runs as",
    example: 'user = "www-data"',
  }),
  group: field(group, null, {
    defaultText: "the user's",
    doc: "Name or number of its group",
    example: 'group = "www-data"',
  }),
  supplementary_groups: field(list(group, "an array of groups"), [], {
    doc: "Further groups, like dialout",
    example: 'supplementary_groups = ["dialout"]',
  }),
  umask: field(umask(), null, {
    defaultText: "the usual 022",
    doc: "What is taken from the mode of files that it makes",
    example: 'umask = "027"',
  }),
  nice: field(number({ min: -20, max: 19 }), null, {
    doc: "Its turn at the CPU: -20 comes first, 19 last",
    example: "nice = 10",
  }),
  oom_score_adj: field(number({ min: -1000, max: 1000 }), null, {
    doc: "1000 is killed first when memory runs out, -1000 never",
    example: "oom_score_adj = 500",
  }),
  limits: field(limits(LIMITS), {}, {
    doc: "Of each process, as prlimit(1) names them: a number, a size, or soft and hard",
    example: 'limits = { nofile = 4096, core = 0, as = "1Gi" }',
  }),
  capabilities: field(list(capability, "an array of capabilities"), [], {
    doc: "What it may do though it is not root; the device must allow it",
    example: 'capabilities = ["CAP_NET_RAW"]',
  }),
  no_new_privileges: field(flag, true, {
    defaultText: "true",
    doc: "false lets set-user-id programs, like sudo, work",
    example: "no_new_privileges = false",
  }),
});

/** Three octal digits as chmod(1) writes them, read as bits. */
function umask(): Schema<number> {
  const expected = 'three octal digits like "027"';
  return {
    expected,
    jsonSchema: { type: "string", pattern: "^0?[0-7]{3}$" },
    read: (value, scope) =>
      typeof value === "string" && /^0?[0-7]{3}$/.test(value)
        ? Number.parseInt(value, 8)
        : scope.mismatch(value, expected),
  };
}

/** A table of resource limits with these names. */
export function limits<Name extends LimitName>(names: readonly Name[]): Schema<Partial<Record<Name, Limit>>> {
  const bound = { anyOf: [{ type: "integer", minimum: 0 }, { type: "string" }] };
  const limit = {
    anyOf: [...bound.anyOf, { type: "object", properties: { soft: bound, hard: bound }, additionalProperties: false }],
  };
  return {
    expected: "a table of limits",
    jsonSchema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, limit])),
      additionalProperties: false,
    },
    read(value, scope) {
      if (!isTable(value)) return scope.mismatch(value, "a table of limits");
      const read: Partial<Record<Name, Limit>> = {};
      for (const [key, given] of Object.entries(value)) {
        const name = names.find((one) => one === key);
        if (name === undefined) {
          scope.at(key).keyError(`there is no limit named ${quote(key)}`, unknownLimitHint(key, names));
          continue;
        }
        const limit = readLimit(given, scope.at(name));
        if (limit !== undefined) read[name] = limit;
      }
      return read;
    },
  };
}

function unknownLimitHint(name: string, names: readonly string[]): string {
  if (["memory", "cpus", "pids"].includes(name)) return "memory, cpu and pids are fields of resources";
  const close = suggest(name, names);
  return close === null ? `the limits are ${names.join(", ")}` : `did you mean "${close}"?`;
}

/** Reads one value for both bounds, or a table of them. */
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

/** Null for "unlimited". */
function readBound(value: unknown, scope: DiagnosticScope): number | null | undefined {
  if (value === "unlimited") return null;
  const count = typeof value === "string" ? parseSize(value) : typeof value === "bigint" ? Number(value) : value;
  if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) return count;
  const hint = value === -1 ? 'write "unlimited"' : undefined;
  return scope.mismatch(value, 'a whole number, a size like "64Mi", or "unlimited"', hint);
}
