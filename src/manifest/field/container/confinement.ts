/** [pure] Fields of a deployment for the confinement of its container. The device must allow most of what widens it. */
import type { ContainerLimitName, ContainerOptions, SecurityOption } from "../../../model/container_options.ts";
import type { DiagnosticScope } from "../../../schema/diagnostic.ts";
import { field, fields, type Infer } from "../../../schema/field_table.ts";
import { CAPABILITIES, capability } from "../../../schema/linux_capability.ts";
import { flag, list, mapOf, present, type Schema, text } from "../../../schema/schema.ts";
import { quote } from "../../../schema/toml_value.ts";
import { limits } from "../privileges.ts";

const LIMITS = [
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
] as const satisfies readonly ContainerLimitName[];

const group = groupName();

export const CONFINEMENT_FIELDS = fields({
  read_only: field(flag, false, {
    defaultText: "false",
    doc: "Nothing of the image can be written; mounts can",
    example: "read_only = true",
  }),
  cap_add: field(list(containerCapability(), "an array of capabilities"), [], {
    doc: "Capabilities beside the usual; the device must allow them",
    example: 'cap_add = ["NET_ADMIN"]',
  }),
  cap_drop: field(list(containerCapability("ALL"), "an array of capabilities"), [], {
    doc: 'Capabilities that it does without, or "ALL"',
    example: 'cap_drop = ["ALL"]',
  }),
  privileged: field(flag, false, {
    defaultText: "false",
    doc: "All that root on the device may; the device must allow it",
    example: "privileged = true",
  }),
  security_opt: field(list(securityOption(), "an array of options"), [], {
    doc: '"no-new-privileges:false" lets sudo work; what takes off seccomp or AppArmor the device must allow',
    example: 'security_opt = ["no-new-privileges:false"]',
  }),
  group_add: field(list(group, "an array of groups"), [], {
    doc: "Further groups, by name in the image or by number",
    example: 'group_add = ["dialout"]',
  }),
  sysctls: field(sysctls(), {}, {
    doc: "Settings of the kernel that each container has for itself",
    example: 'sysctls = { "net.core.somaxconn" = 1024 }',
  }),
  ulimits: field(limits(LIMITS), {}, {
    doc: "Of each process: a number, a size, or soft and hard",
    example: "ulimits = { nofile = 65536, core = 0 }",
  }),
});

/** A capability with or without the prefix CAP_, as Docker takes them. */
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

/** Null for an option that changes nothing. */
function securityOption(): Schema<SecurityOption | null> {
  const expected = '"no-new-privileges:false", "seccomp=unconfined", "apparmor=NAME" or "label=..."';
  return {
    expected,
    jsonSchema: { type: "string", pattern: "^(no-new-privileges([:=](true|false))?|(seccomp|apparmor|label)[:=].+)$" },
    read(value, scope) {
      const given = typeof value === "string" ? value : "";
      const [, name, rest] = /^([a-z-]+)(?:[:=](.+))?$/.exec(given) ?? [];
      if (name === "no-new-privileges" && (rest ?? "true") === "true") return null;
      if (name === "no-new-privileges" && rest === "false") return { type: "new-privileges" };
      if (name === "seccomp" && rest === "unconfined") return { type: "seccomp", profile: rest };
      if (name === "seccomp") {
        return scope.error(`is ${quote(value)}, and a profile of a file is not read`, "leave it out for Docker's own");
      }
      if (name === "apparmor" && rest !== undefined) return { type: "apparmor", profile: rest };
      if (name === "label" && rest !== undefined) return { type: "label", value: rest };
      return scope.mismatch(value, expected);
    },
  };
}

/** Kernel settings that have a namespace: https://docs.docker.com/reference/cli/docker/container/run/#sysctl */
function sysctls(): Schema<Record<string, string>> {
  const value: Schema<string> = {
    expected: "numbers and strings",
    jsonSchema: { type: ["string", "number"] },
    read: (given, scope) =>
      (typeof given === "string" && given !== "" && !/[\0\n]/.test(given)) || typeof given === "bigint" ||
        Number.isFinite(given)
        ? String(given)
        : scope.mismatch(given, "a number or a string"),
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

/** Reports capabilities that make no sense for a privileged container. */
export function buildConfinement(
  read: Infer<typeof CONFINEMENT_FIELDS>,
  scope: DiagnosticScope,
): ConfinementOptions {
  const [capAdd, capDrop] = [present(read.cap_add), present(read.cap_drop)];
  for (const [name, names] of [["cap_add", capAdd], ["cap_drop", capDrop]] as const) {
    if (read.privileged !== true || names.length === 0) continue;
    scope.at(name).keyError("a privileged container has every capability", "keep one of the two");
  }
  return {
    readOnly: trueOrNull(read.read_only),
    capAdd,
    capDrop,
    privileged: trueOrNull(read.privileged),
    securityOpt: present(read.security_opt).filter((option) => option !== null),
    groupAdd: present(read.group_add),
    sysctls: read.sysctls ?? {},
    ulimits: read.ulimits ?? {},
  };
}

/** Null in place of false: a field that a manifest does not set must not change a fingerprint. */
export function trueOrNull(value: boolean | undefined): true | null {
  return value === true ? true : null;
}
