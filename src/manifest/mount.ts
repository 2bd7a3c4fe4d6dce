/** [pure] What a container sees of the device: files of the workload's folder, named volumes, memory. Never a host path. */
import type { Mount } from "../model/workload.ts";
import { type Field, flag, type Grammar, oneOf, readFields, text } from "./grammar.ts";
import { isTable, type Place, quote } from "./place.ts";
import { size } from "./quantity.ts";

const WANTS = 'a mount like "./site:/www:ro" (from the folder) or "data:/var/lib/x" (a volume)';
const VOLUME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const TARGET = text({ pattern: /^\/(?!.*(^|\/)\.\.(\/|$)).+/, wants: "an absolute path in the container" });

const FIELDS: Field[] = [
  {
    name: "type",
    grammar: oneOf("files", "volume", "tmpfs"),
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
    doc: "File or folder of the workload's folder, or the volume's name",
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
    fallback: false,
    shown: "false",
    doc: "Not writable",
    example: "read_only = true",
  },
  { name: "size", grammar: size, fallback: null, shown: "", doc: "Of a tmpfs", example: 'size = "64Mi"' },
];

export const mount: Grammar<Mount> = {
  wants: WANTS,
  schema: { anyOf: [{ type: "string" }, { type: "object" }] },
  read(value, place) {
    if (isTable(value)) return fromTable(value, place);
    const parts = typeof value === "string" ? value.split(":") : [];
    const [source, target, mode, ...more] = parts;
    const wrongMode = mode !== undefined && mode !== "ro" && mode !== "rw";
    if (source === undefined || target === undefined || more.length > 0 || wrongMode || source === "") {
      return place.report(`is ${quote(value)}, wanted ${WANTS}`);
    }
    if (TARGET.read(target, place) === undefined) return undefined;
    return fromSource(source, { target, readOnly: mode === "ro", place });
  },
};

function fromSource(
  source: string,
  { target, readOnly, place }: { target: string; readOnly: boolean; place: Place },
): Mount | undefined {
  if (source.startsWith("./") || source === ".") return files(source, { target, readOnly, place });
  if (source.startsWith("/") || source.startsWith("~") || source.startsWith("../")) {
    return place.report(
      `${quote(source)} is a path of the device, and git may not mount those`,
      'put the files into the workload\'s folder and write "./NAME", or use a volume',
    );
  }
  if (!VOLUME.test(source)) return place.report(`${quote(source)} is no name for a volume`);
  return { type: "volume", source, target, readOnly };
}

function files(
  source: string,
  { target, readOnly, place }: { target: string; readOnly: boolean; place: Place },
): Mount | undefined {
  const path = source.replace(/^\.\/?/, "").replace(/\/+$/, "");
  if (path.split("/").includes("..")) return place.report(`${quote(source)} leaves the workload's folder`);
  return { type: "files", source: path, target, readOnly };
}

function fromTable(value: Record<string, unknown>, place: Place): Mount | undefined {
  const read = readFields(FIELDS, value, { place });
  const target = read.target as string | undefined;
  if (read.type === undefined || target === undefined) return undefined;
  if (read.type === "tmpfs") return { type: "tmpfs", target, sizeBytes: read.size as number | null ?? null };
  const { source } = read;
  if (typeof source !== "string") return place.report('the field "source" is missing', 'write source = "NAME"');
  const options = { target, readOnly: read.read_only === true, place: place.at("source") };
  if (read.type === "files") return files(source, options);
  return fromSource(source, options);
}
