/**
 * [pure] A revision's files to what it asks of a device. Total: whatever the texts are, every manifest ends up as a
 * workload, as not selected, or as invalid with all of its problems.
 */
import type { Desired, InvalidManifest, ModeChoice } from "../model/desired.ts";
import type { Problem } from "../model/problem.ts";
import type { TreeEntry } from "../source/source.ts";
import { rings } from "./field/depends.ts";
import { parseDocument, placed, pointerProblem } from "./document.ts";
import { parseEnvFile } from "./env_file.ts";
import { NAME_PATTERN } from "./name.ts";
import { type ManifestFile, manifestFiles } from "./layout.ts";
import { buildModes, readModes } from "./modes.ts";
import { nearest } from "./nearest.ts";
import { type Found, MAX_FOUND, Place, quote, type Table } from "./place.ts";
import { isChosen, type Target } from "./select.ts";

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
  & { file: ManifestFile; name: string; isNamed: boolean }
  & ({ type: "workload"; choice: ModeChoice; on: string[] } | { type: "invalid"; problems: Problem[] });

/** Never throws. Every problem of a manifest is told, up to the first hundred; one bad file leaves the others as they are. */
export function readManifests(tree: ManifestTree, target: Target & { revision: string }): Desired {
  const read = manifestFiles(tree.entries).map((manifest) => readManifest(manifest, { tree, target }));
  const unique = withoutRings(withoutMoves(withoutDuplicates(read, tree), tree), tree);
  const chosen = (one: Read) => one.type === "workload" && isChosen(one.on, target);
  const choices = unique.flatMap((one) => one.type === "workload" && chosen(one) ? one.choice : []);
  const workloads = choices.map(({ specs, preferred }) => specs.find((one) => one.runtime === preferred) ?? specs[0]!);
  return {
    revision: target.revision,
    workloads: workloads.sort((a, b) => (a.name < b.name ? -1 : 1)),
    choices: new Map(choices.map((choice) => [choice.specs[0]!.name, choice])),
    invalid: unique.flatMap((one) => one.type === "invalid" ? invalidManifest(one) : []),
    notSelected: unique.flatMap((one) => one.type === "workload" && !chosen(one) ? one.name : []).sort(),
  };
}

function invalidManifest(
  { name, file, problems }: { name: string; file: ManifestFile; problems: Problem[] },
): InvalidManifest {
  return { name, kind: file.kind, path: file.entry.path, problems };
}

function readManifest(manifest: ManifestFile, { tree, target }: { tree: ManifestTree; target: Target }): Read {
  const { entry, kind, stem } = manifest;
  const base = { file: manifest, name: stem, isNamed: false };
  const unread = (message: string): Read => {
    return { ...base, type: "invalid", problems: [{ file: entry.path, field: "", message }] };
  };
  if (entry.type === "pointer") return { ...base, type: "invalid", problems: [pointerProblem(entry.path)] };
  if (entry.type !== "file") return unread(`a manifest must be a file, and this is a ${entry.type}`);
  const text = tree.text(entry.path);
  if (text === undefined) return unread("the file could not be read");
  const document = parseDocument(entry.path, text);
  if ("problem" in document) return { ...base, type: "invalid", problems: [document.problem] };

  const found: Found[] = [];
  const place = new Place(found);
  const read = readModes(kind, document.table, found);
  const table = read.top;
  if (table.name === undefined && document.table.name === undefined && !NAME_PATTERN.test(stem)) {
    place.report(
      `the file's name ${quote(stem)} can not be the name of a workload`,
      "lower-case letters, digits and - can",
    );
  }
  const { env, problems } = readEnvFiles(table, { manifest, tree, place });
  // What a device lacks is no problem of a workload that is for others.
  const on = (table.on ?? []) as (string | undefined)[];
  const arch = isChosen(on.filter((one) => one !== undefined), target) ? target.arch : undefined;
  const choice = buildModes(read, { manifest, env, arch, found });
  problems.push(...manifest.strangers.map(stranger));
  const all = [...placed(entry.path, text, found), ...problems];
  const named = typeof table.name === "string" ? { name: table.name, isNamed: true } : {};
  if (all.length > 0 || choice === undefined) return { ...base, ...named, type: "invalid", problems: all };
  return { ...base, ...named, type: "workload", choice, on: table.on as string[] };
}

function readEnvFiles(
  table: Table,
  { manifest, tree, place }: { manifest: ManifestFile; tree: ManifestTree; place: Place },
): { env: Record<string, string>; problems: Problem[] } {
  let env: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const name of envFileNames(table)) {
    const path = manifest.folder + name;
    if (name.startsWith("/") || name.split("/").includes("..")) {
      place.at("env_file").report(`${quote(name)} is not in the workload's folder`, `put it into ${manifest.folder}`);
      continue;
    }
    const text = manifest.files.some((file) => file.path === name) ? tree.text(path) : undefined;
    if (text === undefined) {
      const close = nearest(name, manifest.files.map((file) => file.path));
      const hint = close === null ? `put it into ${manifest.folder}` : `did you mean "${close}"?`;
      place.at("env_file").report(`there is no file ${quote(path)}`, hint);
      continue;
    }
    const parsed = parseEnvFile(text);
    env = { ...env, ...parsed.values };
    problems.push(
      ...parsed.problems.slice(0, MAX_FOUND).map(({ line, message }) => {
        return { file: path, ...(line === 0 ? {} : { line, column: 1 }), field: "", message };
      }),
    );
  }
  return { env, problems };
}

/** Names inside of the folder; what would leave it names no file that is there. */
function envFileNames(table: Table): string[] {
  const given = Array.isArray(table.env_file) ? table.env_file : [table.env_file];
  return given.filter((one) => typeof one === "string" && one !== "").map((one: string) => one.replace(/^\.\//, ""));
}

function stranger(entry: TreeEntry): Problem {
  if (entry.type === "pointer") return pointerProblem(entry.path);
  return {
    file: entry.path,
    field: "",
    message: `a ${entry.type} is not followed, and the workload would miss what it points to`,
    hint: "put the file itself into the folder",
  };
}

/** Two manifests of one name, or of one folder: neither is more right than the other, so neither is applied. */
function withoutDuplicates(read: readonly Read[], tree: ManifestTree): Read[] {
  const byName = Map.groupBy(read, (one) => one.name);
  const byFolder = Map.groupBy(read, (one) => one.file.folder);
  return read.map((one) => {
    const pathsIn = (group: readonly Read[]) =>
      group.filter((other) => other !== one).map((other) => other.file.entry.path);
    const namesakes = pathsIn(byName.get(one.name)!);
    const claimants = pathsIn(byFolder.get(one.file.folder)!).filter((path) => !namesakes.includes(path));
    if (namesakes.length + claimants.length === 0) return one;
    const found: Found[] = [];
    const place = new Place(found).at("name");
    if (namesakes.length > 0) {
      place.report(
        `the name ${quote(one.name)} is taken by ${some(namesakes)} as well`,
        "give one of them another name",
      );
    }
    if (claimants.length > 0) {
      place.report(`the folder ${quote(one.file.folder)} belongs to ${some(claimants)} as well`, "keep one of the two");
    }
    const path = one.file.entry.path;
    const duplicates = one.isNamed
      ? placed(path, tree.text(path) ?? "", found)
      : found.map(({ message, hint }) => ({ file: path, field: "name", message, hint: hint! }));
    const { file, name, isNamed } = one;
    return {
      file,
      name,
      isNamed,
      type: "invalid",
      problems: [...duplicates, ...(one.type === "invalid" ? one.problems : [])],
    };
  });
}

/** Old names that nobody can be taken over from: somebody's still, its own, or claimed twice. */
function withoutMoves(read: readonly Read[], tree: ManifestTree): Read[] {
  const names = new Set(read.map((one) => one.name));
  const claims = read.flatMap((one) => one.type === "workload" ? one.choice.specs[0]!.movedFrom ?? [] : []);
  return read.map((one) => {
    const from = one.type === "workload" ? one.choice.specs[0]!.movedFrom : null;
    if (from === null) return one;
    const found: Found[] = [];
    const place = new Place(found).at("moved_from");
    if (from === one.name) place.report("is the workload's own name", "take it out");
    else if (names.has(from)) {
      place.report(`there still is a workload ${quote(from)}`, "take it out, or rename the other");
    } else if (claims.filter((it) => it === from).length > 1) {
      place.report(`${quote(from)} is what another workload takes over as well`, "keep one of the two");
    }
    return found.length === 0 ? one : invalidFor(one, { found, tree });
  });
}

function invalidFor({ file, name, isNamed }: Read, { found, tree }: { found: Found[]; tree: ManifestTree }): Read {
  const { path } = file.entry;
  return { file, name, isNamed, type: "invalid", problems: placed(path, tree.text(path) ?? "", found) };
}

/** Workloads that wait for each other, and those that wait for what no manifest describes. */
function withoutRings(read: readonly Read[], tree: ManifestTree): Read[] {
  const valid = read.flatMap((one) => one.type === "workload" ? one.choice.specs[0]! : []);
  const names = new Set(read.map((one) => one.name));
  const ringOf = rings(valid);
  return read.map((one) => {
    if (one.type !== "workload") return one;
    const found: Found[] = [];
    const place = new Place(found).at("depends_on");
    const ring = ringOf.get(one.name);
    if (ring !== undefined) place.report(`waits for itself: ${ring.join(" -> ")}`, "take one of them out");
    one.choice.specs[0]!.dependsOn.forEach(({ name }, index) => {
      if (names.has(name)) return;
      const close = nearest(name, [...names].filter((other) => other !== one.name));
      place.at(index).report(
        `there is no workload ${quote(name)}`,
        close === null ? "name another manifest of the repository" : `did you mean "${close}"?`,
      );
    });
    return found.length === 0 ? one : invalidFor(one, { found, tree });
  });
}

function some(paths: readonly string[]): string {
  return paths.length <= 3 ? paths.join(", ") : `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more`;
}
