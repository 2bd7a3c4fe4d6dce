/** [pure] The fields of a deployment that say what its container may do. Most of what widens it the device must allow. */
import type { ContainerLimitName, ContainerOptions, SecurityOption } from "../../../model/container_options.ts";
import { type Field, field, flag, list, mapOf, type Schema, text } from "../../../schema/schema.ts";
import { type DiagnosticScope, quote, type Table } from "../../../schema/diagnostic.ts";
import { CAPABILITIES, capability } from "../../../schema/linux_capability.ts";
import { limits } from "../privileges.ts";

const LIMITS: readonly ContainerLimitName[] = [
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

const group = groupName();

export const CONFINEMENT_FIELDS: Field[] = [
  field("read_only", flag, false, {
    defaultText: "false",
    doc: "Nothing of the image can be written; mounts can",
    example: "read_only = true",
  }),
  field("cap_add", list(containerCapability(), "an array of capabilities"), [], {
    doc: "Capabilities beside the usual; the device must allow them",
    example: 'cap_add = ["NET_ADMIN"]',
  }),
  field("cap_drop", list(containerCapability("ALL"), "an array of capabilities"), [], {
    doc: 'Capabilities that it does without, or "ALL"',
    example: 'cap_drop = ["ALL"]',
  }),
  field("privileged", flag, false, {
    defaultText: "false",
    doc: "All that root on the device may; the device must allow it",
    example: "privileged = true",
  }),
  field("security_opt", list(securityOption(), "an array of options"), [], {
    doc: '"no-new-privileges:false" lets sudo work; what takes off seccomp or AppArmor the device must allow',
    example: 'security_opt = ["no-new-privileges:false"]',
  }),
  field("group_add", list(group, "an array of groups"), [], {
    doc: "Further groups, by name in the image or by number",
    example: 'group_add = ["dialout"]',
  }),
  field("sysctls", sysctls(), {}, {
    doc: "Settings of the kernel that each container has for itself",
    example: 'sysctls = { "net.core.somaxconn" = 1024 }',
  }),
  field("ulimits", limits(LIMITS), {}, {
    doc: "Of each process: a number, a size, or soft and hard",
    example: "ulimits = { nofile = 65536, core = 0 }",
  }),
];

/** With or without CAP_ in front, as Docker takes them. */
function containerCapability(...more: string[]): Schema<string> {
  const short = CAPABILITIES.map((name) => name.replace("CAP_", ""));
  return {
    expected: capability.expected,
    jsonSchema: { enum: [...CAPABILITIES, ...short, ...more] },
    read(value, scope) {
      if (typeof value !== "string") return capability.read(value, scope);
      if (more.includes(value)) return value;
      if (value === "ALL") {
        return scope.error('is "ALL", wanted the ones that it needs', "privileged = true gives all of them");
      }
      return short.includes(value) ? `CAP_${value}` : capability.read(value, scope);
    },
  };
}

function groupName(): Schema<string> {
  const name = text({ pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, expected: "the name or number of a group" });
  return {
    ...name,
    jsonSchema: { anyOf: [name.jsonSchema, { type: "integer", minimum: 0 }] },
    read: (value, scope) =>
      name.read(typeof value === "bigint" || typeof value === "number" ? String(value) : value, scope),
  };
}

/** What says that nothing is given up is null. */
function securityOption(): Schema<SecurityOption | null> {
  const expected = '"no-new-privileges:false", "seccomp=unconfined", "apparmor=NAME" or "label=..."';
  return {
    expected,
    jsonSchema: { type: "string", pattern: "^(no-new-privileges([:=](true|false))?|(seccomp|apparmor|label)[:=].+)$" },
    read(value, scope) {
      const said = typeof value === "string" ? value : "";
      const [, name, rest] = /^([a-z-]+)(?:[:=](.+))?$/.exec(said) ?? [];
      if (name === "no-new-privileges" && (rest ?? "true") === "true") return null;
      if (name === "no-new-privileges" && rest === "false") return { type: "new-privileges" };
      if (name === "seccomp" && rest === "unconfined") return { type: "seccomp", profile: rest };
      if (name === "seccomp") {
        return scope.error(`is ${quote(value)}, and a profile of a file is not read`, "leave it out for Docker's own");
      }
      if (name === "apparmor" && rest !== undefined) return { type: "apparmor", profile: rest };
      if (name === "label" && rest !== undefined) return { type: "label", value: rest };
      return scope.error(`is ${quote(value)}, wanted ${expected}`);
    },
  };
}

/** Those that have a namespace: https://docs.docker.com/reference/cli/docker/container/run/#sysctl */
function sysctls(): Schema<Record<string, string>> {
  const value: Schema<string> = {
    expected: "numbers and strings",
    jsonSchema: { type: ["string", "number"] },
    read: (given, scope) =>
      (typeof given === "string" && given !== "" && !/[\0\n]/.test(given)) || typeof given === "bigint" ||
        Number.isFinite(given)
        ? String(given)
        : scope.error(`is ${quote(given)}, wanted a number or a string`),
  };
  return mapOf(value, {
    pattern: /^(net\.[\w./-]+|fs\.mqueue\.\w+|kernel\.(msg\w+|sem|shm\w+))$/,
    expected: 'a setting of a container of its own: "net.", "fs.mqueue.", "kernel.msg", "kernel.sem" or "kernel.shm"',
  });
}

type ConfinementOptions = Pick<
  ContainerOptions,
  "readOnly" | "capAdd" | "capDrop" | "privileged" | "securityOpt" | "groupAdd" | "sysctls" | "ulimits"
>;

/** Of a deployment's fields; what makes no sense beside another one is told to the place. */
export function buildConfinement(read: Table, scope: DiagnosticScope): ConfinementOptions {
  const listed = <T>(name: string) => ((read[name] ?? []) as (T | undefined)[]).filter((one) => one !== undefined);
  const [capAdd, capDrop] = [listed<string>("cap_add"), listed<string>("cap_drop")];
  const options: ConfinementOptions = {
    readOnly: asked(read.read_only),
    capAdd,
    capDrop,
    privileged: asked(read.privileged),
    securityOpt: listed<SecurityOption | null>("security_opt").filter((one) => one !== null),
    groupAdd: listed("group_add"),
    sysctls: (read.sysctls ?? {}) as Record<string, string>,
    ulimits: (read.ulimits ?? {}) as ConfinementOptions["ulimits"],
  };
  for (const [name, names] of [["cap_add", capAdd], ["cap_drop", capDrop]] as const) {
    if (options.privileged === null || names.length === 0) continue;
    scope.at(name).keyError("a privileged container has every capability", "keep one of the two");
  }
  return options;
}

/** What is not asked for says nothing in a fingerprint. */
export function asked(read: unknown): true | null {
  return read === true ? true : null;
}
