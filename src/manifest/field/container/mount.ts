/**
 * [pure] `mounts`: files of the workload's folder, named volumes, tmpfs, and paths of the device, which the policy of the
 * device must allow.
 */
import type { Mount } from "../../../model/workload.ts";
import type { DiagnosticScope } from "../../../schema/diagnostic.ts";
import { field, fields, readFields, required, tableSchema } from "../../../schema/field_table.ts";
import { size } from "../../../schema/quantity.ts";
import { flag, oneOf, type Schema, text } from "../../../schema/schema.ts";
import { isTable, quote, type Table } from "../../../schema/toml_value.ts";

const EXPECTED = 'a mount like "./site:/www:ro" (from the folder) or "data:/var/lib/x" (a volume)';
const VOLUME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const TARGET = text({
  pattern: /^\/+(?!(.*\/)?\.\.(\/|$))[^/\0][^\0]*$/,
  expected: "an absolute path in the container",
});

/** Fields of an entry of `mounts` that is a table. */
export const MOUNT_FIELDS = fields({
  type: required(mountType(), { doc: "What is mounted", example: 'type = "volume"' }),
  source: field(text(), null, {
    doc: "File or folder of the workload's folder, the volume's name, or a path of the device",
    example: 'source = "data"',
  }),
  target: required(TARGET, { doc: "Path in the container", example: 'target = "/data"' }),
  read_only: field(flag, undefined, {
    doc: "Of a volume; files of the folder can never be written",
    example: "read_only = true",
  }),
  size: field(size, null, { doc: "Of a tmpfs", example: 'size = "64Mi"' }),
});

export const mount: Schema<Mount> = {
  expected: EXPECTED,
  jsonSchema: { anyOf: [{ type: "string", pattern: "^[^:]+:/[^:]+(:r[ow])?$" }, tableSchema(MOUNT_FIELDS)] },
  read(value, scope) {
    if (isTable(value)) return fromTable(value, scope);
    const parts = typeof value === "string" ? value.split(":") : [];
    const [source, target, mode, ...more] = parts;
    const isWrongMode = mode !== undefined && mode !== "ro" && mode !== "rw";
    if (source === undefined || target === undefined || more.length > 0 || isWrongMode || source === "") {
      return scope.mismatch(value, EXPECTED);
    }
    if (TARGET.read(target, scope) === undefined) return undefined;
    return fromSource(source, { target, readOnly: mode === undefined ? undefined : mode === "ro", scope });
  },
};

/** The type of a mount. Compose has one name, "bind", for two of them. */
function mountType(): Schema<Mount["type"]> {
  const plain = oneOf("files", "volume", "tmpfs", "host");
  const hint = 'files of the workload\'s folder are "files", a path of the device is "host"';
  return {
    ...plain,
    read: (value, scope) =>
      value === "bind" ? scope.error(`is "bind", wanted ${plain.expected}`, hint) : plain.read(value, scope),
  };
}

interface MountOptions {
  target: string;
  /** Undefined where the mount does not say it. */
  readOnly: boolean | undefined;
  scope: DiagnosticScope;
}

function fromSource(source: string, { target, readOnly, scope }: MountOptions): Mount | undefined {
  if (source.startsWith("./") || source === ".") return files(source, { target, readOnly, scope });
  if (source.startsWith("/")) return host(source, { target, readOnly, scope });
  if (source.startsWith("~") || source.startsWith("../")) {
    return scope.error(
      `${quote(source)} is no path of the workload's folder, nor an absolute one`,
      'put the files into the workload\'s folder and write "./NAME", or use a volume',
    );
  }
  return volume(source, { target, readOnly, scope });
}

function volume(source: string, { target, readOnly, scope }: MountOptions): Mount | undefined {
  if (!VOLUME.test(source)) {
    return scope.error(`${quote(source)} is no name for a volume`, 'letters, digits, ".", "_" and "-" are');
  }
  return { type: "volume", source, target, readOnly: readOnly === true };
}

function host(source: string, { target, readOnly, scope }: MountOptions): Mount | undefined {
  if (!source.startsWith("/") || source.includes("\0") || source.split("/").includes("..")) {
    return scope.mismatch(source, "an absolute path of the device");
  }
  return { type: "host", source, target, readOnly: readOnly === true };
}

function files(source: string, { target, readOnly, scope }: MountOptions): Mount | undefined {
  const path = source.split("/").filter((part) => part !== "" && part !== ".").join("/");
  if (path.split("/").includes("..")) return scope.error(`${quote(source)} leaves the workload's folder`);
  if (readOnly === false) {
    return scope.error("files of the folder cannot be mounted to be written", "take it out, or use a volume");
  }
  return { type: "files", source: path, target, readOnly: true };
}

function fromTable(value: Table, scope: DiagnosticScope): Mount | undefined {
  const read = readFields(MOUNT_FIELDS, value, { scope });
  const { type, source, target } = read;
  if (type === undefined) return undefined;
  for (const name of type === "tmpfs" ? ["source", "read_only"] : ["size"]) {
    if (Object.hasOwn(value, name)) scope.at(name).keyError(`a mount of type "${type}" has no ${name}`);
  }
  if (target === undefined) return undefined;
  if (type === "tmpfs") return { type, target, sizeBytes: read.size ?? null };
  if (source === null) return scope.error('the field "source" is missing', 'write source = "NAME"');
  if (source === undefined) return undefined;
  const options = { target, readOnly: read.read_only, scope: scope.at("source") };
  if (type === "host") return host(source, options);
  if (source.startsWith("/")) {
    return options.scope.error(`${quote(source)} is a path of the device`, 'write type = "host"');
  }
  return type === "files" ? files(source, options) : volume(source, options);
}
