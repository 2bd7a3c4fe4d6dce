/**
 * [pure] Reads the files of a revision into the desired state of a device. Total: whatever the texts are, every manifest
 * ends up as a workload, as not selected, or as invalid with all of its problems.
 */
import type { Desired, InvalidManifest } from "../model/desired.ts";
import type { Problem } from "../model/problem.ts";
import { WORKLOAD_NAME } from "../model/workload_name.ts";
import { DiagnosticScope, MAX_DIAGNOSTICS } from "../schema/diagnostic.ts";
import { present } from "../schema/schema.ts";
import { suggest } from "../schema/suggest.ts";
import { lfsPointerProblem, parseDocument, withPositions } from "../schema/toml_document.ts";
import { isTable, quote, type Table } from "../schema/toml_value.ts";
import type { TreeEntry } from "../source/source.ts";
import {
  type ManifestTree,
  type Read,
  rejectCycles,
  rejectDuplicates,
  rejectRenameConflicts,
} from "./check/cross_manifest.ts";
import { misplacedFiles } from "./check/misplaced_files.ts";
import { daemonOverlayProblems, desiredVersion, HARBORNODE_TOML } from "./device/harbornode_toml.ts";
import { atSource } from "./device/overlay.ts";
import {
  type OverlayContext,
  overlayContext,
  type ResolvedManifest,
  resolveOverlays,
} from "./device/resolve_overlays.ts";
import { EVERY_DEVICE, isSelected, type Target } from "./device/selector.ts";
import { VARIABLES_FILE } from "./device/variable.ts";
import { parseEnvFile } from "./env_file.ts";
import { readSecretFiles, type SecretFiles, secretPaths } from "./field/secret_fields.ts";
import { type ManifestFile, manifestFiles } from "./find_manifests.ts";
import {
  MAX_ENV_FILES,
  MAX_MANIFEST_BYTES,
  MAX_TEXTS_BYTES,
  MAX_VARIABLES_BYTES,
  sizeProblem,
  sizeText,
} from "./manifest_limits.ts";
import { buildModes, readModes } from "./read_modes.ts";

export type { ManifestTree } from "./check/cross_manifest.ts";

/**
 * Returns the files that must be loaded first: manifests, shared variables and harbornode.toml. Skips files over their
 * limit.
 */
export function textPaths(entries: readonly TreeEntry[]): string[] {
  const most = (path: string) => path === VARIABLES_FILE ? MAX_VARIABLES_BYTES : MAX_MANIFEST_BYTES;
  const shared = entries.filter(({ path }) => path === VARIABLES_FILE || path === HARBORNODE_TOML);
  return [...manifestFiles(entries).map((manifestFile) => manifestFile.entry), ...shared]
    .filter(({ type, path, size }) => type === "file" && size <= most(path)).map(({ path }) => path);
}

/**
 * Returns why the texts of a revision together are more than a device loads: a sentence without a final period, or null
 * if they are not.
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

/** Manifests with their overlays merged and their variables replaced, by path. */
export type ResolvedManifests = ReadonlyMap<string, ResolvedManifest | { problem: Problem }>;

/** Resolves the manifests of a tree for a device, each once. Never throws. */
export function resolveManifests(tree: ManifestTree, target: Target): ResolvedManifests {
  const context = overlayContext(tree, target);
  return new Map(
    manifestFiles(tree.entries).flatMap(({ entry: { path } }) => {
      const text = tree.text(path);
      return text === undefined ? [] : [[path, resolveOverlays(path, text, context)]];
    }),
  );
}

/**
 * Returns the files that the manifests refer to, each once. Skips files over their limit. Never throws: `readManifests`
 * reports what is wrong with them.
 */
export function envFilePaths(tree: ManifestTree, manifests: ResolvedManifests): string[] {
  const sizes = new Map(tree.entries.map(({ path, size }) => [path, size]));
  const paths = manifestFiles(tree.entries).flatMap(({ entry, folder }) => {
    const resolved = manifests.get(entry.path);
    if (resolved === undefined || "problem" in resolved) return [];
    return envFileNames(resolved.table).slice(0, MAX_ENV_FILES).map((name) => folder + name);
  });
  return [...new Set(paths)].filter((path) => (sizes.get(path) ?? 0) <= MAX_MANIFEST_BYTES);
}

/**
 * Never throws. Returns every problem of a manifest, up to the first hundred; a bad file does not affect the others.
 * `manifests` are those of the tree, resolved for the same device.
 */
export function readManifests(
  tree: ManifestTree,
  target: Target & { revision: string },
  manifests: ResolvedManifests = resolveManifests(tree, target),
): Desired {
  const context = { ...overlayContext(tree, target), secretFiles: readSecretFiles(tree.entries, tree.text) };
  const read = manifestFiles(tree.entries).map((manifest) => readManifest(manifest, { tree, manifests, ...context }));
  const unique = rejectCycles(rejectRenameConflicts(rejectDuplicates(read, tree), tree), tree);
  const chosen = (one: Read) => one.type === "workload" && isSelected(one.on, target);
  const choices = unique.flatMap((one) => one.type === "workload" && chosen(one) ? one.choice : []);
  const daemon = desiredVersion(tree, context);
  const workloads = choices.map(({ specs, preferred }) =>
    specs.find((spec) => spec.runtime === preferred) ?? specs[0]!
  );
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

/** A file beside a manifest of the same name has another purpose. */
function misplaced({ entries }: ManifestTree, read: readonly Read[]): InvalidManifest[] {
  const names = new Set(read.flatMap((one) => [one.name, one.file.stem]));
  return misplacedFiles(entries).filter(({ stem }) => !names.has(stem)).map(({ kind, entry, stem, message, hint }) => {
    const { path } = entry;
    return { name: stem, kind, path, problems: [{ file: path, field: "", message, hint }] };
  });
}

interface Reading extends OverlayContext {
  tree: ManifestTree;
  secretFiles: SecretFiles;
  /** Manifests that were resolved before; absent: none. */
  manifests?: ResolvedManifests;
  /** Names of the overlays to merge, in place of those that match the device. */
  overlays?: readonly string[];
}

function readManifest(manifest: ManifestFile, reading: Reading): Read {
  const { entry, kind, stem } = manifest;
  const { tree, target, secretFiles } = reading;
  const base = { file: manifest, name: stem, isNamed: false };
  const unread = (message: string): Read => {
    return { ...base, type: "invalid", problems: [{ file: entry.path, field: "", message }] };
  };
  if (entry.type === "pointer") return { ...base, type: "invalid", problems: [lfsPointerProblem(entry.path)] };
  if (entry.type !== "file") return unread(`a manifest must be a file, and this is a ${entry.type}`);
  const tooLarge = sizeProblem(entry, MAX_MANIFEST_BYTES, "keep data in files of the workload's folder");
  if (tooLarge !== null) return { ...base, type: "invalid", problems: [tooLarge] };
  const text = tree.text(entry.path);
  if (text === undefined) return unread("the file could not be read");
  const resolved = reading.manifests?.get(entry.path) ?? resolveOverlays(entry.path, text, reading);
  if ("problem" in resolved) return { ...base, type: "invalid", problems: [resolved.problem] };

  const { table, sourceOf } = resolved;
  const diagnostics = [...resolved.diagnostics];
  const scope = new DiagnosticScope(diagnostics);
  const read = readModes(kind, table, diagnostics);
  const { name, on = EVERY_DEVICE } = read.common;
  if (name === undefined && table.name === undefined && !WORKLOAD_NAME.test(stem)) {
    scope.error(
      `the file's name ${quote(stem)} cannot be the name of a workload`,
      "lower-case letters, digits and - can",
    );
  }
  const { env, problems } = readEnvFiles(present(read.common.env_file), { manifest, tree, scope });
  // A workload of other devices needs no download for this one.
  const arch = isSelected(on, target) ? target.arch : undefined;
  const choice = buildModes(read, { manifest, env, secretFiles, arch, diagnostics });
  problems.push(...manifest.nonRegularFiles.map(nonRegularFileProblem));
  const all = [...withPositions(entry.path, text, atSource(diagnostics, sourceOf)), ...problems];
  const named = name === undefined ? {} : { name, isNamed: true };
  if (all.length > 0 || choice === undefined) return { ...base, ...named, type: "invalid", problems: all };
  return { ...base, ...named, type: "workload", choice, on, sourceOf };
}

/**
 * Returns the problems of overlays that do not match the device, each merged alone: what another device would find. Skips
 * manifests that have problems without them.
 */
export function overlayProblems(tree: ManifestTree, target: Target): Problem[] {
  const context = { ...overlayContext(tree, target), secretFiles: readSecretFiles(tree.entries, tree.text) };
  const ofWorkloads = manifestFiles(tree.entries).flatMap((manifest) => {
    const text = tree.text(manifest.entry.path);
    if (text === undefined || readManifest(manifest, { tree, ...context }).type === "invalid") return [];
    const document = parseDocument(manifest.entry.path, text);
    const overlay = "table" in document ? document.table.overlay : undefined;
    return Object.keys(isTable(overlay) ? overlay : {}).flatMap((name) => {
      const read = readManifest(manifest, { tree, ...context, expandedInAll: { length: 0 }, overlays: [name] });
      return read.type === "invalid" ? read.problems : [];
    });
  });
  return [...ofWorkloads, ...daemonOverlayProblems(tree, context)];
}

/** Reads the files of `env_file`, in their order: later values win. */
function readEnvFiles(
  names: readonly string[],
  { manifest, tree, scope }: { manifest: ManifestFile; tree: ManifestTree; scope: DiagnosticScope },
): { env: Record<string, string>; problems: Problem[] } {
  let env: Record<string, string> = {};
  const problems: Problem[] = [];
  if (names.length > MAX_ENV_FILES) {
    const message = `names ${names.length} files, and ${MAX_ENV_FILES} is the limit`;
    scope.at("env_file").error(message, "put their lines into fewer files");
    return { env, problems };
  }
  for (const name of names.map(inFolder)) {
    const path = manifest.folder + name;
    if (name.startsWith("/") || name.split("/").includes("..")) {
      scope.at("env_file").error(`${quote(name)} is not in the workload's folder`, `put it into ${manifest.folder}`);
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
      scope.at("env_file").error(message, "keep fewer variables in files");
      continue;
    }
    if (text === undefined) {
      const close = suggest(name, manifest.files.map((file) => file.path));
      const hint = close === null ? `put it into ${manifest.folder}` : `did you mean "${close}"?`;
      scope.at("env_file").error(`there is no file ${quote(path)}`, hint);
      continue;
    }
    const parsed = parseEnvFile(text);
    env = { ...env, ...parsed.values };
    problems.push(
      ...parsed.problems.slice(0, MAX_DIAGNOSTICS).map(({ line, message }) => {
        return { file: path, ...(line === 0 ? {} : { line, column: 1 }), field: "", message };
      }),
    );
  }
  return { env, problems };
}

/** Returns the names of `env_file` before it is checked. */
function envFileNames(table: Table): string[] {
  return [table.env_file].flat().filter((name) => typeof name === "string").filter((name) => name !== "").map(inFolder);
}

/** Returns a name relative to the folder, without "./" in front. */
function inFolder(name: string): string {
  return name.replace(/^\.\//, "");
}

function nonRegularFileProblem(entry: TreeEntry): Problem {
  if (entry.type === "pointer") return lfsPointerProblem(entry.path);
  return {
    file: entry.path,
    field: "",
    message: `a ${entry.type} is not followed, and the workload would miss what it points to`,
    hint: "put the file itself into the folder",
  };
}
