/** [pure] The fields of a deployment that say how its container is made, and what of Docker it needs. */
import type { ContainerOptions } from "../../../model/container_options.ts";
import type { Mount } from "../../../model/workload.ts";
import {
  type Field,
  field,
  flag,
  mapOf,
  oneOrMore,
  readFields,
  type Schema,
  tableSchema,
  text,
} from "../../../schema/schema.ts";
import { type DiagnosticScope, isTable, quote, type Table } from "../../../schema/diagnostic.ts";
import { parseSize, size } from "../../../schema/quantity.ts";
import { asked } from "./confinement.ts";

const TMPFS_WANTS = 'a path like "/run" or "/tmp:size=64m,mode=1777"';

const DRIVERS = ["json-file", "local"];

/** Why another one of Docker's log drivers can not be had. */
const NOT_BOUNDED: Record<string, string> = {
  none: "nothing of it could be shown",
  journald: "how much it keeps is the journal's, not the container's",
};

/** Of the table `logging`. */
export const LOGGING_FIELDS: Field[] = [field("driver", driver(), "json-file", {
  defaultText: '"json-file"',
  doc: "Files of JSON, or Docker's smaller form",
  example: 'driver = "local"',
})];

export const PROCESS_FIELDS: Field[] = [
  field("tmpfs", oneOrMore(tmpfs(), "a path or an array of paths"), [], {
    doc: 'Paths that lie in memory: "/run", or with a size: "/tmp:size=64m"',
    example: 'tmpfs = ["/run", "/tmp:size=64m"]',
  }),
  field("shm_size", dockerSize(), null, {
    defaultText: "Docker's 64Mi",
    doc: "Of /dev/shm",
    example: 'shm_size = "256Mi"',
  }),
  field("init", flag, false, {
    defaultText: "false",
    doc: "A small program as its first process, which reaps what others leave behind",
    example: "init = true",
  }),
  field("tty", flag, false, { defaultText: "false", doc: "It writes to a terminal", example: "tty = true" }),
  field("stdin_open", flag, false, { defaultText: "false", doc: "Its input stays open", example: "stdin_open = true" }),
  field("labels", labels(), {}, {
    doc: "For other programs that look at containers",
    example: 'labels = { "traefik.enable" = "true" }',
  }),
  field("logging", logging(), null, {
    defaultText: "json-file",
    doc: 'Where its output goes: "json-file" or "local"; logs says how much of it is kept',
    example: 'logging = { driver = "local" }',
  }),
  field("oci_runtime", text({ pattern: /^[A-Za-z0-9][\w.-]*$/, expected: 'a runtime like "runsc" or "kata"' }), null, {
    defaultText: "Docker's default",
    doc: "What runs it, as it is registered in Docker: gVisor, Kata Containers",
    example: 'oci_runtime = "runsc"',
  }),
];

/** "64Mi" as everywhere, and "64m" as compose has it, which is binary. */
function dockerSize(): Schema<number> {
  return {
    ...size,
    jsonSchema: { type: "string", pattern: "^\\d+(\\.\\d+)?(K|M|G|Ki|Mi|Gi|k|m|g|kb|mb|gb)$" },
    read: (value, scope) => (typeof value === "string" ? composeSize(value) : null) ?? size.read(value, scope),
  };
}

/** "64m", "1gb": Docker counts in 1024s. Null for what is none. */
function composeSize(value: string): number | null {
  const [, count, unit] = /^(\d+)([kmg])b?$/.exec(value) ?? [];
  return count === undefined || count === "0" ? null : parseSize(`${count}${unit!.toUpperCase()}i`);
}

function tmpfs(): Schema<Mount> {
  return {
    expected: TMPFS_WANTS,
    jsonSchema: { type: "string", pattern: "^/[^:]+(:.+)?$" },
    read(value, scope) {
      const [, target, rest = ""] = /^(\/[^:\0]+)(?::(.+))?$/.exec(typeof value === "string" ? value : "") ?? [];
      if (target === undefined || target.split("/").includes("..")) {
        return scope.error(`is ${quote(value)}, wanted ${TMPFS_WANTS}`);
      }
      const mount: Mount = { type: "tmpfs", target, sizeBytes: null };
      for (const option of rest.split(",").filter((one) => one !== "")) {
        const [name, given = ""] = option.split("=");
        const bytes = composeSize(given) ?? parseSize(given);
        if (name === "size" && bytes !== null) mount.sizeBytes = bytes;
        else if (name === "mode" && /^0?[0-7]{3,4}$/.test(given)) mount.mode = Number.parseInt(given, 8);
        // As it is without them.
        else if (!["rw", "nosuid", "nodev", "noexec"].includes(option)) {
          return scope.error(`has the option ${quote(option)}, wanted size=64m or mode=1777`);
        }
      }
      return mount;
    },
  };
}

function labels(): Schema<Record<string, string>> {
  const value: Schema<string> = {
    expected: "strings, numbers and true or false",
    jsonSchema: { type: ["string", "number", "boolean"] },
    read(given, scope) {
      if (["string", "bigint", "boolean", "number"].includes(typeof given)) return String(given);
      const hint = isTable(given) ? "write a name with dots in quotes" : undefined;
      return scope.error(`is ${quote(given)}, wanted a string, a number, true or false`, hint);
    },
  };
  const map = mapOf(value, { pattern: /^[^\s=]+$/, expected: "a name without white space" });
  return {
    ...map,
    read(given, scope) {
      if (Array.isArray(given)) {
        return scope.error("is an array, wanted a table of labels", 'write labels = { "NAME" = "VALUE" }');
      }
      const read = map.read(given, scope);
      for (const name of Object.keys(read ?? {}).filter((one) => one.startsWith("harbornode."))) {
        scope.at(name).keyError(`the label ${quote(name)} is one of HarborNode's own`, "give it another name");
      }
      return read;
    },
  };
}

function driver(): Schema<string> {
  const expected = '"json-file" or "local"';
  return {
    expected,
    jsonSchema: { enum: DRIVERS },
    read(value, scope) {
      if (DRIVERS.includes(value as string)) return value as string;
      const why = typeof value === "string" ? NOT_BOUNDED[value] ?? "its output could not be read back here" : null;
      return scope.error(`is ${quote(value)}, wanted ${expected}${why === null ? "" : `: ${why}`}`);
    },
  };
}

/** A table as compose has it, without the options that `logs` stands for. */
function logging(): Schema<Table> {
  const expected = 'a table like { driver = "local" }';
  const explain = (name: string) =>
    name === "options" ? { hint: 'write logs = { max_size = "10Mi", max_files = 2 } beside it' } : null;
  return {
    expected,
    jsonSchema: tableSchema(LOGGING_FIELDS),
    read: (value, scope) =>
      isTable(value)
        ? readFields(LOGGING_FIELDS, value, { scope, explain })
        : scope.error(`is ${quote(value)}, wanted ${expected}`),
  };
}

type ProcessOptions = Pick<
  ContainerOptions,
  "shmBytes" | "init" | "tty" | "stdinOpen" | "labels" | "logDriver" | "ociRuntime" | "memoryReservationBytes"
>;

export function buildProcessOptions(read: Table, scope: DiagnosticScope): ProcessOptions {
  const resources = (read.resources ?? {}) as Table;
  const [memory, reservation] = [resources.memory, resources.memory_reservation] as unknown[];
  if (typeof memory === "number" && typeof reservation === "number" && reservation > memory) {
    scope.at("resources").at("memory_reservation").error("is above memory");
  }
  return {
    shmBytes: read.shm_size as number | null,
    init: asked(read.init),
    tty: asked(read.tty),
    stdinOpen: asked(read.stdin_open),
    labels: (read.labels ?? {}) as Record<string, string>,
    logDriver: (read.logging as Table | null | undefined)?.driver === "local" ? "local" : null,
    memoryReservationBytes: typeof reservation === "number" ? reservation : null,
    ociRuntime: read.oci_runtime as string | null,
  };
}
