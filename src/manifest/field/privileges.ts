/** [pure] The fields of a service that say as whom, and within which bounds, its program runs. */
import type { Limit, LimitName } from "../../model/workload.ts";
import { capability } from "./capability.ts";
import { type Field, field, flag, type Grammar, list, number, text } from "../grammar.ts";
import { nearest } from "../nearest.ts";
import { isTable, type Place, quote } from "../place.ts";
import { parseSize } from "./quantity.ts";

const ACCOUNT = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const group = text({ pattern: ACCOUNT, wants: "the name or number of a group" });

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
  field("user", text({ pattern: ACCOUNT, wants: "the name or number of a user" }), null, {
    shown: "one of its own",
    doc: "Name or number of the user it runs as",
    example: 'user = "www-data"',
  }),
  field("group", group, null, {
    shown: "the user's",
    doc: "Name or number of its group",
    example: 'group = "www-data"',
  }),
  field("supplementary_groups", list(group, "an array of groups"), [], {
    doc: "Further groups, like dialout",
    example: 'supplementary_groups = ["dialout"]',
  }),
  field("umask", umask(), null, {
    shown: "the usual 022",
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
    shown: "true",
    doc: "false lets set-user-id programs, like sudo, work",
    example: "no_new_privileges = false",
  }),
];

/** In bits, as chmod(1) writes them. */
function umask(): Grammar<number> {
  const wants = 'three octal digits like "027"';
  return {
    wants,
    schema: { type: "string", pattern: "^0?[0-7]{3}$" },
    read: (value, place) =>
      typeof value === "string" && /^0?[0-7]{3}$/.test(value)
        ? Number.parseInt(value, 8)
        : place.report(`is ${quote(value)}, wanted ${wants}`),
  };
}

type Bound = number | null;

/** A table of limits by these names. */
export function limits(names: readonly LimitName[]): Grammar<Partial<Record<LimitName, Limit>>> {
  const bound = { anyOf: [{ type: "integer", minimum: 0 }, { type: "string" }] };
  const one = {
    anyOf: [...bound.anyOf, { type: "object", properties: { soft: bound, hard: bound }, additionalProperties: false }],
  };
  return {
    wants: "a table of limits",
    schema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, one])),
      additionalProperties: false,
    },
    read(value, place) {
      if (!isTable(value)) return place.report(`is ${quote(value)}, wanted a table of limits`);
      const read: Partial<Record<LimitName, Limit>> = {};
      for (const [name, given] of Object.entries(value)) {
        if (!names.includes(name as LimitName)) {
          const close = nearest(name, names);
          const hint = ["memory", "cpus", "pids"].includes(name)
            ? "memory, cpu and pids are fields of resources"
            : close === null
            ? `the limits are ${names.join(", ")}`
            : `did you mean "${close}"?`;
          place.at(name).reportKey(`there is no limit named ${quote(name)}`, hint);
          continue;
        }
        const limit = readLimit(given, place.at(name));
        if (limit !== undefined) read[name as LimitName] = limit;
      }
      return read;
    },
  };
}

function readLimit(given: unknown, place: Place): Limit | undefined {
  if (!isTable(given)) {
    const both = readBound(given, place);
    return both === undefined ? undefined : { soft: both, hard: both };
  }
  for (const name of Object.keys(given)) {
    if (name !== "soft" && name !== "hard") place.at(name).reportKey(`a limit has no ${quote(name)}`);
  }
  const hard = given.hard === undefined ? null : readBound(given.hard, place.at("hard"));
  const soft = given.soft === undefined ? hard : readBound(given.soft, place.at("soft"));
  if (hard === undefined || soft === undefined) return undefined;
  if (hard !== null && (soft === null || soft > hard)) return place.at("soft").report("is above hard");
  return { soft, hard };
}

function readBound(value: unknown, place: Place): Bound | undefined {
  if (value === "unlimited") return null;
  const count = typeof value === "string" ? parseSize(value) : typeof value === "bigint" ? Number(value) : value;
  if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) return count;
  return place.report(
    `is ${quote(value)}, wanted a whole number, a size like "64Mi", or "unlimited"`,
    value === -1 ? 'write "unlimited"' : undefined,
  );
}
