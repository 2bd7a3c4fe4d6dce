/** [pure] Fields of a deployment for the process in its container: memory, terminal, labels, log driver, OCI runtime. */
import { trueOrNull } from "./confinement.ts";
import type { ContainerOptions } from "../../../model/container_options.ts";
import type { Mount } from "../../../model/workload.ts";
import type { DiagnosticScope } from "../../../schema/diagnostic.ts";
import { field, fields, type Infer, tableOf } from "../../../schema/field_table.ts";
import { parseSize, size } from "../../../schema/quantity.ts";
import { flag, mapOf, oneOrMore, type Schema, text } from "../../../schema/schema.ts";
import { isTable, quote } from "../../../schema/toml_value.ts";

const TMPFS_EXPECTED = 'a path like "/run" or "/tmp:size=64m,mode=1777"';

/** Log drivers whose output is bounded, and can be read back. */
const DRIVERS = ["json-file", "local"] as const;

/** Why another log driver of Docker is refused. */
const REFUSED_DRIVERS: Record<string, string> = {
  none: "nothing of it could be shown",
  journald: "how much it keeps is the journal's, not the container's",
};

/** Fields of the table `logging`. */
export const LOGGING_FIELDS = fields({
  driver: field(driver(), "json-file", {
    defaultText: '"json-file"',
    doc: "Files of JSON, or Docker's smaller form",
    example: 'driver = "local"',
  }),
});

/** A table as compose has it, without the options: the field `logs` stands for those. */
const logging = tableOf(
  LOGGING_FIELDS,
  'a table like { driver = "local" }',
  (name) => name === "options" ? { hint: 'write logs = { max_size = "10Mi", max_files = 2 } beside it' } : null,
);

export const PROCESS_FIELDS = fields({
  tmpfs: field(oneOrMore(tmpfs(), "a path or an array of paths"), [], {
    doc: 'Paths that lie in memory: "/run", or with a size: "/tmp:size=64m"',
    example: 'tmpfs = ["/run", "/tmp:size=64m"]',
  }),
  shm_size: field(dockerSize(), null, {
    defaultText: "Docker's 64Mi",
    doc: "Of /dev/shm",
    example: 'shm_size = "256Mi"',
  }),
  init: field(flag, false, {
    defaultText: "false",
    doc: "A small program as its first process, which reaps what others leave behind",
    example: "init = true",
  }),
  tty: field(flag, false, { defaultText: "false", doc: "It writes to a terminal", example: "tty = true" }),
  stdin_open: field(flag, false, { defaultText: "false", doc: "Its input stays open", example: "stdin_open = true" }),
  labels: field(labels(), {}, {
    doc: "For other programs that look at containers",
    example: 'labels = { "traefik.enable" = "true" }',
  }),
  logging: field(logging, null, {
    defaultText: "json-file",
    doc: 'Where its output goes: "json-file" or "local"; logs says how much of it is kept',
    example: 'logging = { driver = "local" }',
  }),
  oci_runtime: field(text({ pattern: /^[A-Za-z0-9][\w.-]*$/, expected: 'a runtime like "runsc" or "kata"' }), null, {
    defaultText: "Docker's default",
    doc: "What runs it, as it is registered in Docker: gVisor, Kata Containers",
    example: 'oci_runtime = "runsc"',
  }),
});

/** A size as everywhere ("64Mi"), or as compose writes it ("64m"), which is binary. */
function dockerSize(): Schema<number> {
  return {
    ...size,
    jsonSchema: { type: "string", pattern: "^\\d+(\\.\\d+)?(K|M|G|Ki|Mi|Gi|k|m|g|kb|mb|gb)$" },
    read: (value, scope) => (typeof value === "string" ? composeSize(value) : null) ?? size.read(value, scope),
  };
}

/** Parses "64m" or "1gb", in which Docker counts in 1024s; null for any other text. */
function composeSize(value: string): number | null {
  const [, count, unit] = /^(\d+)([kmg])b?$/.exec(value) ?? [];
  return count === undefined || count === "0" ? null : parseSize(`${count}${unit!.toUpperCase()}i`);
}

function tmpfs(): Schema<Mount> {
  return {
    expected: TMPFS_EXPECTED,
    jsonSchema: { type: "string", pattern: "^/[^:]+(:.+)?$" },
    read(value, scope) {
      const [, target, rest = ""] = /^(\/[^:\0]+)(?::(.+))?$/.exec(typeof value === "string" ? value : "") ?? [];
      if (target === undefined || target.split("/").includes("..")) {
        return scope.mismatch(value, TMPFS_EXPECTED);
      }
      const mount: Mount = { type: "tmpfs", target, sizeBytes: null };
      for (const option of rest.split(",").filter((one) => one !== "")) {
        const [name, given = ""] = option.split("=");
        const bytes = composeSize(given) ?? parseSize(given);
        if (name === "size" && bytes !== null) mount.sizeBytes = bytes;
        else if (name === "mode" && /^0?[0-7]{3,4}$/.test(given)) mount.mode = Number.parseInt(given, 8);
        // The rest are the defaults of a tmpfs.
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

function driver(): Schema<typeof DRIVERS[number]> {
  const expected = '"json-file" or "local"';
  return {
    expected,
    jsonSchema: { enum: DRIVERS },
    read(value, scope) {
      const known = DRIVERS.find((name) => name === value);
      if (known !== undefined) return known;
      const why = typeof value === "string" ? REFUSED_DRIVERS[value] ?? "its output could not be read back here" : null;
      return scope.mismatch(value, `${expected}${why === null ? "" : `: ${why}`}`);
    },
  };
}

type ProcessOptions = Pick<
  ContainerOptions,
  "shmBytes" | "init" | "tty" | "stdinOpen" | "labels" | "logDriver" | "ociRuntime" | "memoryReservationBytes"
>;

interface ProcessContext {
  resources: { memory: number | null | undefined; memory_reservation: number | null | undefined } | null | undefined;
  scope: DiagnosticScope;
}

/** Reports a memory reservation above the memory limit. */
export function buildProcessOptions(
  read: Infer<typeof PROCESS_FIELDS>,
  { resources, scope }: ProcessContext,
): ProcessOptions {
  const { memory, memory_reservation: reservation } = resources ?? {};
  if (typeof memory === "number" && typeof reservation === "number" && reservation > memory) {
    scope.at("resources").at("memory_reservation").error("is above memory");
  }
  return {
    shmBytes: read.shm_size ?? null,
    init: trueOrNull(read.init),
    tty: trueOrNull(read.tty),
    stdinOpen: trueOrNull(read.stdin_open),
    labels: read.labels ?? {},
    logDriver: read.logging?.driver === "local" ? "local" : null,
    memoryReservationBytes: reservation ?? null,
    ociRuntime: read.oci_runtime ?? null,
  };
}
