/**
 * [pure] What a container sees of the device: files of the workload's folder, named volumes, memory, and paths of the
 * device, which its owner must allow.
 */
import type { Mount } from "../../../model/workload.ts";
import { type Field, flag, type Grammar, oneOf, readFields, tableSchema, text } from "../../grammar.ts";
import { isTable, type Place, quote } from "../../place.ts";
import { size } from "../quantity.ts";

const WANTS = 'a mount like "./site:/www:ro" (from the folder) or "data:/var/lib/x" (a volume)';
const VOLUME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const TARGET = text({ pattern: /^\/+(?!(.*\/)?\.\.(\/|$))[^/\0][^\0]*$/, wants: "an absolute path in the container" });

/** Of an entry of `mounts` that is a table. */
export const MOUNT_FIELDS: Field[] = [
  {
    name: "type",
    grammar: mountType(),
    fallback: undefined,
    shown: "",
    required: true,
    doc: "What is mounted",
    example: 'type = "volume"',
  },
  {
    name: "source",
    grammar: text(),
    fallback: null,
    shown: "",
    doc: "File or folder of the workload's folder, the volume's name, or a path of the device",
    example: 'source = "data"',
  },
  {
    name: "target",
    grammar: TARGET,
    fallback: undefined,
    shown: "",
    required: true,
    doc: "Path in the container",
    example: 'target = "/data"',
  },
  {
    name: "read_only",
    grammar: flag,
    fallback: undefined,
    shown: "",
    doc: "Of a volume; files of the folder can never be written",
    example: "read_only = true",
  },
  { name: "size", grammar: size, fallback: null, shown: "", doc: "Of a tmpfs", example: 'size = "64Mi"' },
];

export const mount: Grammar<Mount> = {
  wants: WANTS,
  schema: { anyOf: [{ type: "string", pattern: "^[^:]+:/[^:]+(:r[ow])?$" }, tableSchema(MOUNT_FIELDS)] },
  read(value, place) {
    if (isTable(value)) return fromTable(value, place);
    const parts = typeof value === "string" ? value.split(":") : [];
    const [source, target, mode, ...more] = parts;
    const wrongMode = mode !== undefined && mode !== "ro" && mode !== "rw";
    if (source === undefined || target === undefined || more.length > 0 || wrongMode || source === "") {
      return place.report(`is ${quote(value)}, wanted ${WANTS}`);
    }
    if (TARGET.read(target, place) === undefined) return undefined;
    return fromSource(source, { target, readOnly: mode === undefined ? undefined : mode === "ro", place });
  },
};

/** Compose calls two of them by one name. */
function mountType(): Grammar<Mount["type"]> {
  const plain = oneOf("files", "volume", "tmpfs", "host");
  const hint = 'files of the workload\'s folder are "files", a path of the device is "host"';
  return {
    ...plain,
    read: (value, place) =>
      value === "bind" ? place.report(`is "bind", wanted ${plain.wants}`, hint) : plain.read(value, place),
  };
}

interface Rest {
  target: string;
  /** Undefined where it was not said. */
  readOnly: boolean | undefined;
  place: Place;
}

function fromSource(source: string, { target, readOnly, place }: Rest): Mount | undefined {
  if (source.startsWith("./") || source === ".") return files(source, { target, readOnly, place });
  if (source.startsWith("/")) return host(source, { target, readOnly, place });
  if (source.startsWith("~") || source.startsWith("../")) {
    return place.report(
      `${quote(source)} is no path of the workload's folder, nor an absolute one`,
      'put the files into the workload\'s folder and write "./NAME", or use a volume',
    );
  }
  return volume(source, { target, readOnly, place });
}

function volume(source: string, { target, readOnly, place }: Rest): Mount | undefined {
  if (!VOLUME.test(source)) {
    return place.report(`${quote(source)} is no name for a volume`, 'letters, digits, ".", "_" and "-" are');
  }
  return { type: "volume", source, target, readOnly: readOnly === true };
}

function host(source: string, { target, readOnly, place }: Rest): Mount | undefined {
  if (!source.startsWith("/") || source.includes("\0") || source.split("/").includes("..")) {
    return place.report(`is ${quote(source)}, wanted an absolute path of the device`);
  }
  return { type: "host", source, target, readOnly: readOnly === true };
}

function files(source: string, { target, readOnly, place }: Rest): Mount | undefined {
  const path = source.split("/").filter((part) => part !== "" && part !== ".").join("/");
  if (path.split("/").includes("..")) return place.report(`${quote(source)} leaves the workload's folder`);
  if (readOnly === false) {
    return place.report("files of the folder can not be mounted to be written", "take it out, or use a volume");
  }
  return { type: "files", source: path, target, readOnly: true };
}

function fromTable(value: Record<string, unknown>, place: Place): Mount | undefined {
  const read = readFields(MOUNT_FIELDS, value, { place });
  const type = read.type as Mount["type"] | undefined;
  if (type === undefined) return undefined;
  for (const name of type === "tmpfs" ? ["source", "read_only"] : ["size"]) {
    if (Object.hasOwn(value, name)) place.at(name).reportKey(`a mount of type "${type}" has no ${name}`);
  }
  const target = read.target as string | undefined;
  if (target === undefined) return undefined;
  if (type === "tmpfs") return { type, target, sizeBytes: read.size as number | null ?? null };
  const source = read.source as string | null | undefined;
  if (source === null) return place.report('the field "source" is missing', 'write source = "NAME"');
  if (source === undefined) return undefined;
  const rest = { target, readOnly: read.read_only as boolean | undefined, place: place.at("source") };
  if (type === "host") return host(source, rest);
  if (source.startsWith("/")) {
    return rest.place.report(`${quote(source)} is a path of the device`, 'write type = "host"');
  }
  return type === "files" ? files(source, rest) : volume(source, rest);
}
