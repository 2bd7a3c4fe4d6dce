/**
 * [pure] A revision's files to what it asks of a device. Total: whatever the texts are, every manifest ends up as a
 * workload, as not selected, or as invalid with all of its problems.
 */
import type { Desired, InvalidManifest } from "../model/desired.ts";
import type { Problem } from "../model/problem.ts";
import type { TreeEntry } from "../source/source.ts";
import { type ManifestTree, type Read, withoutDuplicates, withoutMoves, withoutRings } from "./check/conflicts.ts";
import { atOrigin } from "./device/overlay.ts";
import { DAEMON_FILE, daemonOverlayProblems, daemonWish } from "./device/daemon_file.ts";
import { type Preparation, preparation, prepare } from "./device/prepare.ts";
import { EVERY_DEVICE, isChosen, type Selection, type Target } from "./device/select.ts";
import { VARIABLES_FILE } from "./device/variable.ts";
import { readSecretFiles, type SecretFiles, secretPaths } from "./secret/secret.ts";
import { parseDocument, placed, pointerProblem } from "./document.ts";
import { parseEnvFile } from "./env_file.ts";
import { type ManifestFile, manifestFiles } from "./layout.ts";
import { buildModes, readModes } from "./modes.ts";
import { misplacedFiles } from "./check/misplaced.ts";
import { NAME_PATTERN } from "./name.ts";
import { nearest } from "./nearest.ts";
import {
  MAX_ENV_FILES,
  MAX_MANIFEST_BYTES,
  MAX_TEXTS_BYTES,
  MAX_VARIABLES_BYTES,
  sizeProblem,
  sizeText,
} from "./limits.ts";
import { isTable, MAX_FOUND, Place, quote, type Table } from "./place.ts";

export type { ManifestTree } from "./check/conflicts.ts";

/** What must be loaded first: the manifests, and the variables that they share; none that is over its limit. */
export function textPaths(entries: readonly TreeEntry[]): string[] {
  const most = (path: string) => path === VARIABLES_FILE ? MAX_VARIABLES_BYTES : MAX_MANIFEST_BYTES;
  const shared = entries.filter(({ path }) => path === VARIABLES_FILE || path === DAEMON_FILE);
  return [...manifestFiles(entries).map((one) => one.entry), ...shared]
    .filter(({ type, path, size }) => type === "file" && size <= most(path)).map(({ path }) => path);
}

/**
 * What is wrong with the texts of a revision as a whole: together they are more than a device loads. A sentence without
 * a final period, or null.
 */
export function textsExcess(entries: readonly TreeEntry[]): string | null {
  const sizes = new Map(entries.map(({ path, size }) => [path, size]));
  const paths = [...textPaths(entries), ...secretPaths(entries)];
  const bytes = paths.reduce((sum, path) => sum + sizes.get(path)!, 0);
  if (bytes <= MAX_TEXTS_BYTES) return null;
  return `its ${paths.length} manifests, secrets and shared files have ${sizeText(bytes)} together, and ${
    sizeText(MAX_TEXTS_BYTES)
  } is the limit`;
}

/**
 * The further files that they refer to, as far as they are within their limit, each once. Never throws: what is wrong
 * with them is said by `readManifests`.
 */
export function envFilePaths(tree: ManifestTree, target: Target): string[] {
  const preparing = preparation(tree, target);
  const sizes = new Map(tree.entries.map(({ path, size }) => [path, size]));
  const paths = manifestFiles(tree.entries).flatMap(({ entry, folder }) => {
    const prepared = prepare(entry.path, tree.text(entry.path) ?? "", preparing);
    return "table" in prepared ? envFileNames(prepared.table).slice(0, MAX_ENV_FILES).map((name) => folder + name) : [];
  });
  return [...new Set(paths)].filter((path) => (sizes.get(path) ?? 0) <= MAX_MANIFEST_BYTES);
}

/** Never throws. Every problem of a manifest is told, up to the first hundred; one bad file leaves the others as they are. */
export function readManifests(tree: ManifestTree, target: Target & { revision: string }): Desired {
  const preparing = { ...preparation(tree, target), secretFiles: readSecretFiles(tree.entries, tree.text) };
  const read = manifestFiles(tree.entries).map((manifest) => readManifest(manifest, { tree, ...preparing }));
  const unique = withoutRings(withoutMoves(withoutDuplicates(read, tree), tree), tree);
  const chosen = (one: Read) => one.type === "workload" && isChosen(one.on, target);
  const choices = unique.flatMap((one) => one.type === "workload" && chosen(one) ? one.choice : []);
  const daemon = daemonWish(tree, preparing);
  const workloads = choices.map(({ specs, preferred }) => specs.find((one) => one.runtime === preferred) ?? specs[0]!);
  return {
    revision: target.revision,
    workloads: workloads.sort((a, b) => (a.name < b.name ? -1 : 1)),
    choices: new Map(choices.map((choice) => [choice.specs[0]!.name, choice])),
    invalid: [
      ...unique.flatMap((one) => one.type === "invalid" ? invalidManifest(one) : []),
      ...misplaced(tree, unique),
    ],
    ...(daemon === undefined ? {} : { daemon }),
    notSelected: unique.flatMap((one) => one.type === "workload" && !chosen(one) ? one.name : []).sort(),
  };
}

function invalidManifest(
  { name, file, problems }: { name: string; file: ManifestFile; problems: Problem[] },
): InvalidManifest {
  return { name, kind: file.kind, path: file.entry.path, problems };
}

/** A file beside a manifest of its name is about something else. */
function misplaced({ entries }: ManifestTree, read: readonly Read[]): InvalidManifest[] {
  const names = new Set(read.flatMap((one) => [one.name, one.file.stem]));
  return misplacedFiles(entries).filter(({ stem }) => !names.has(stem)).map(({ kind, entry, stem, message, hint }) => {
    const { path } = entry;
    return { name: stem, kind, path, problems: [{ file: path, field: "", message, hint }] };
  });
}

interface Reading extends Preparation {
  tree: ManifestTree;
  secretFiles: SecretFiles;
  /** Names of overlays, in place of those that fit the device. */
  overlays?: readonly string[];
}

function readManifest(manifest: ManifestFile, reading: Reading): Read {
  const { entry, kind, stem } = manifest;
  const { tree, target, secretFiles } = reading;
  const base = { file: manifest, name: stem, isNamed: false };
  const unread = (message: string): Read => {
    return { ...base, type: "invalid", problems: [{ file: entry.path, field: "", message }] };
  };
  if (entry.type === "pointer") return { ...base, type: "invalid", problems: [pointerProblem(entry.path)] };
  if (entry.type !== "file") return unread(`a manifest must be a file, and this is a ${entry.type}`);
  const tooLarge = sizeProblem(entry, MAX_MANIFEST_BYTES, "keep data in files of the workload's folder");
  if (tooLarge !== null) return { ...base, type: "invalid", problems: [tooLarge] };
  const text = tree.text(entry.path);
  if (text === undefined) return unread("the file could not be read");
  const prepared = prepare(entry.path, text, reading);
  if ("problem" in prepared) return { ...base, type: "invalid", problems: [prepared.problem] };

  const { found, writtenAt } = prepared;
  const place = new Place(found);
  const read = readModes(kind, prepared.table, found);
  const table = read.top;
  if (table.name === undefined && prepared.table.name === undefined && !NAME_PATTERN.test(stem)) {
    place.report(
      `the file's name ${quote(stem)} can not be the name of a workload`,
      "lower-case letters, digits and - can",
    );
  }
  const { env, problems } = readEnvFiles(table, { manifest, tree, place });
  // What a device lacks is no problem of a workload that is for others.
  const on = table.on as Selection | undefined ?? EVERY_DEVICE;
  const arch = isChosen(on, target) ? target.arch : undefined;
  const choice = buildModes(read, { manifest, env, secretFiles, arch, found });
  problems.push(...manifest.strangers.map(stranger));
  const all = [...placed(entry.path, text, atOrigin(found, writtenAt)), ...problems];
  const named = typeof table.name === "string" ? { name: table.name, isNamed: true } : {};
  if (all.length > 0 || choice === undefined) return { ...base, ...named, type: "invalid", problems: all };
  return { ...base, ...named, type: "workload", choice, on, writtenAt };
}

/**
 * Problems of overlays that do not fit the device, each laid over its manifest alone: what another device would find.
 * Of a manifest that has problems without them, none are told.
 */
export function overlayProblems(tree: ManifestTree, target: Target): Problem[] {
  const preparing = { ...preparation(tree, target), secretFiles: readSecretFiles(tree.entries, tree.text) };
  const ofWorkloads = manifestFiles(tree.entries).flatMap((manifest) => {
    const text = tree.text(manifest.entry.path);
    if (text === undefined || readManifest(manifest, { tree, ...preparing }).type === "invalid") return [];
    const document = parseDocument(manifest.entry.path, text);
    const overlay = "table" in document ? document.table.overlay : undefined;
    return Object.keys(isTable(overlay) ? overlay : {}).flatMap((name) => {
      const read = readManifest(manifest, { tree, ...preparing, written: { bytes: 0 }, overlays: [name] });
      return read.type === "invalid" ? read.problems : [];
    });
  });
  return [...ofWorkloads, ...daemonOverlayProblems(tree, preparing)];
}

function readEnvFiles(
  table: Table,
  { manifest, tree, place }: { manifest: ManifestFile; tree: ManifestTree; place: Place },
): { env: Record<string, string>; problems: Problem[] } {
  let env: Record<string, string> = {};
  const problems: Problem[] = [];
  const names = envFileNames(table);
  if (names.length > MAX_ENV_FILES) {
    const message = `names ${names.length} files, and ${MAX_ENV_FILES} is the limit`;
    place.at("env_file").report(message, "put their lines into fewer files");
    return { env, problems };
  }
  for (const name of names) {
    const path = manifest.folder + name;
    if (name.startsWith("/") || name.split("/").includes("..")) {
      place.at("env_file").report(`${quote(name)} is not in the workload's folder`, `put it into ${manifest.folder}`);
      continue;
    }
    const size = manifest.sizes.get(path);
    const tooLarge = sizeProblem({ path, size: size ?? 0 }, MAX_MANIFEST_BYTES, "keep fewer variables in it");
    if (tooLarge !== null) {
      problems.push(tooLarge);
      continue;
    }
    const text = size === undefined ? undefined : tree.text(path);
    if (text === undefined && size !== undefined) {
      const message = `${quote(path)} is not read: the texts of the revision are over ${sizeText(MAX_TEXTS_BYTES)}`;
      place.at("env_file").report(message, "keep fewer variables in files");
      continue;
    }
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
