/**
 * [pure] A revision's files to what it asks of a device. Total: whatever the texts are, every manifest ends up as a
 * workload, as not selected, or as invalid with all of its problems.
 */
import type { Desired, InvalidManifest } from "../model/desired.ts";
import type { Problem } from "../model/problem.ts";
import type { Workload } from "../model/workload.ts";
import type { TreeEntry } from "../source/source.ts";
import { explainName } from "./aliases.ts";
import { parseDocument, placed } from "./document.ts";
import { parseEnvFile } from "./env_file.ts";
import { fieldsOf, NAME_PATTERN } from "./fields.ts";
import { readFields } from "./grammar.ts";
import { type ManifestFile, manifestFiles } from "./layout.ts";
import { type Found, Place, quote, type Table } from "./place.ts";
import { isChosen, type Target } from "./select.ts";
import { buildWorkload } from "./workload.ts";

export interface ManifestTree {
  entries: TreeEntry[];
  /** Content of a file, where it was loaded; of all that `textPaths` and `envFilePaths` name. */
  text(path: string): string | undefined;
}

/** The manifests whose text must be loaded first. */
export function textPaths(entries: readonly TreeEntry[]): string[] {
  return manifestFiles(entries).filter((one) => one.entry.type === "file").map((one) => one.entry.path);
}

/** The further files that they refer to. Never throws: what is wrong with them is said by `readManifests`. */
export function envFilePaths(tree: ManifestTree): string[] {
  return manifestFiles(tree.entries).flatMap((manifest) => {
    const document = parseDocument(manifest.entry.path, tree.text(manifest.entry.path) ?? "");
    return "table" in document ? envFileNames(document.table).map((name) => manifest.folder + name) : [];
  });
}

type Read =
  | { type: "workload"; workload: Workload; on: string[] }
  | { type: "invalid"; invalid: InvalidManifest };

export function readManifests(tree: ManifestTree, target: Target & { revision: string }): Desired {
  const read = manifestFiles(tree.entries).map((manifest) => readManifest(manifest, tree));
  const unique = withoutDuplicates(read);
  const chosen = (one: Read) => one.type === "workload" && isChosen(one.on, target);
  const workloads = unique.flatMap((one) => one.type === "workload" && chosen(one) ? one.workload : []);
  return {
    revision: target.revision,
    workloads: workloads.sort((a, b) => (a.name < b.name ? -1 : 1)),
    invalid: unique.flatMap((one) => one.type === "invalid" ? one.invalid : []),
    notSelected: unique.flatMap((one) => one.type === "workload" && !chosen(one) ? one.workload.name : []).sort(),
  };
}

function readManifest(manifest: ManifestFile, tree: ManifestTree): Read {
  const { entry, kind, stem } = manifest;
  const invalid = (name: string, problems: Problem[]): Read => ({
    type: "invalid",
    invalid: { name, kind, path: entry.path, problems },
  });
  if (entry.type !== "file") {
    return invalid(stem, [{
      file: entry.path,
      field: "",
      message: `a manifest must be a file, and this is a ${entry.type}`,
    }]);
  }
  const text = tree.text(entry.path) ?? "";
  const document = parseDocument(entry.path, text);
  if ("problem" in document) return invalid(stem, [document.problem]);

  const found: Found[] = [];
  const place = new Place(found);
  const table = readFields(fieldsOf(kind), document.table, {
    place,
    explain: (name) => explainName(kind, name),
    ignore: (name) => name.startsWith("x-"),
  });
  if (table.name === undefined && document.table.name === undefined && !NAME_PATTERN.test(stem)) {
    place.report(
      `the file's name ${quote(stem)} can not be the name of a workload`,
      "lower-case letters, digits and - can",
    );
  }
  const { env, problems } = readEnvFiles(table, { manifest, tree, place });
  const workload = buildWorkload(table, { manifest, env, place });
  problems.push(...manifest.strangers.map(stranger));
  const all = [...placed(entry.path, text, found), ...problems];
  const name = typeof table.name === "string" ? table.name : stem;
  if (all.length > 0 || workload === undefined) return invalid(name, all);
  return { type: "workload", workload, on: table.on as string[] };
}

function readEnvFiles(
  table: Table,
  { manifest, tree, place }: { manifest: ManifestFile; tree: ManifestTree; place: Place },
): { env: Record<string, string>; problems: Problem[] } {
  const env: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const name of envFileNames(table)) {
    const path = manifest.folder + name;
    const text = manifest.files.some((file) => file.path === name) ? tree.text(path) : undefined;
    if (text === undefined) {
      place.at("env_file").report(`there is no file ${quote(path)}`, `put it into ${manifest.folder}`);
      continue;
    }
    const parsed = parseEnvFile(text);
    Object.assign(env, parsed.values);
    problems.push(...parsed.problems.map(({ line, message }) => ({ file: path, line, column: 1, field: "", message })));
  }
  return { env, problems };
}

/** Names inside of the folder; what would leave it names no file that is there. */
function envFileNames(table: Table): string[] {
  const given = Array.isArray(table.env_file) ? table.env_file : [table.env_file];
  return given.filter((one) => typeof one === "string" && one !== "").map((one: string) => one.replace(/^\.\//, ""));
}

function stranger(entry: TreeEntry): Problem {
  return {
    file: entry.path,
    field: "",
    message: `a ${entry.type} is not followed, and the workload would miss what it points to`,
    hint: "put the file itself into the folder",
  };
}

/** Two manifests of one name: neither is more right than the other, so neither is applied. */
function withoutDuplicates(read: readonly Read[]): Read[] {
  const nameOf = (one: Read) => one.type === "workload" ? one.workload.name : one.invalid.name;
  const pathOf = (one: Read) => one.type === "workload" ? one.workload.manifest : one.invalid.path;
  const byName = Map.groupBy(read, nameOf);
  return read.map((one) => {
    const others = byName.get(nameOf(one))!.filter((other) => other !== one).map(pathOf);
    if (others.length === 0) return one;
    const message = `the name ${quote(nameOf(one))} is taken by ${others.join(", ")} as well`;
    const problem: Problem = { file: pathOf(one), field: "name", message, hint: "give one of them another name" };
    const kind = one.type === "workload" ? one.workload.kind : one.invalid.kind;
    const before = one.type === "workload" ? [] : one.invalid.problems;
    return { type: "invalid", invalid: { name: nameOf(one), kind, path: pathOf(one), problems: [problem, ...before] } };
  });
}
