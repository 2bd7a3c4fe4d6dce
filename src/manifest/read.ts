/**
 * [pure] A revision's files to what it asks of a device. Total: whatever the texts are, every manifest ends up as a
 * workload, as not selected, or as invalid with all of its problems.
 */
import type { Desired, InvalidManifest } from "../model/desired.ts";
import type { Problem } from "../model/problem.ts";
import type { TreeEntry } from "../source/source.ts";
import {
  type ManifestTree,
  type Read,
  rejectCycles,
  rejectDuplicates,
  rejectRenameConflicts,
} from "./check/cross_manifest.ts";
import { atSource } from "./device/overlay.ts";
import { daemonOverlayProblems, desiredVersion, HARBORNODE_TOML } from "./device/harbornode_toml.ts";
import { type OverlayContext, overlayContext, resolveOverlays } from "./device/resolve_overlays.ts";
import { type DeviceSelector, EVERY_DEVICE, isSelected, type Target } from "./device/selector.ts";
import { VARIABLES_FILE } from "./device/variable.ts";
import { readSecretFiles, type SecretFiles } from "./field/secret_fields.ts";
import { lfsPointerProblem, parseDocument, withPositions } from "../schema/toml_document.ts";
import { parseEnvFile } from "./env_file.ts";
import { type ManifestFile, manifestFiles } from "./layout.ts";
import { buildModes, readModes } from "./modes.ts";
import { misplacedFiles } from "./check/misplaced.ts";
import { WORKLOAD_NAME } from "../model/workload_name.ts";
import { suggest } from "../schema/suggest.ts";
import { DiagnosticScope, isTable, MAX_DIAGNOSTICS, quote, type Table } from "../schema/diagnostic.ts";

export type { ManifestTree } from "./check/cross_manifest.ts";

/** What must be loaded first: the manifests, and the variables that they share. */
export function textPaths(entries: readonly TreeEntry[]): string[] {
  const variables = entries.filter(({ path, type }) => path === VARIABLES_FILE && type === "file");
  const daemon = entries.filter(({ path, type }) => path === HARBORNODE_TOML && type === "file");
  return [...manifestFiles(entries).map((one) => one.entry), ...variables, ...daemon]
    .filter((one) => one.type === "file").map((one) => one.path);
}

/** The further files that they refer to. Never throws: what is wrong with them is said by `readManifests`. */
export function envFilePaths(tree: ManifestTree, target: Target): string[] {
  const preparing = overlayContext(tree.text, target);
  return manifestFiles(tree.entries).flatMap(({ entry, folder }) => {
    const prepared = resolveOverlays(entry.path, tree.text(entry.path) ?? "", preparing);
    return "table" in prepared ? envFileNames(prepared.table).map((name) => folder + name) : [];
  });
}

/** Never throws. Every problem of a manifest is told, up to the first hundred; one bad file leaves the others as they are. */
export function readManifests(tree: ManifestTree, target: Target & { revision: string }): Desired {
  const preparing = { ...overlayContext(tree.text, target), secretFiles: readSecretFiles(tree.entries, tree.text) };
  const read = manifestFiles(tree.entries).map((manifest) => readManifest(manifest, { tree, ...preparing }));
  const unique = rejectCycles(rejectRenameConflicts(rejectDuplicates(read, tree), tree), tree);
  const chosen = (one: Read) => one.type === "workload" && isSelected(one.on, target);
  const choices = unique.flatMap((one) => one.type === "workload" && chosen(one) ? one.choice : []);
  const daemon = desiredVersion(tree, preparing);
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

interface Reading extends OverlayContext {
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
  if (entry.type === "pointer") return { ...base, type: "invalid", problems: [lfsPointerProblem(entry.path)] };
  if (entry.type !== "file") return unread(`a manifest must be a file, and this is a ${entry.type}`);
  const text = tree.text(entry.path);
  if (text === undefined) return unread("the file could not be read");
  const prepared = resolveOverlays(entry.path, text, reading);
  if ("problem" in prepared) return { ...base, type: "invalid", problems: [prepared.problem] };

  const { found, writtenAt } = prepared;
  const scope = new DiagnosticScope(found);
  const read = readModes(kind, prepared.table, found);
  const table = read.top;
  if (table.name === undefined && prepared.table.name === undefined && !WORKLOAD_NAME.test(stem)) {
    scope.error(
      `the file's name ${quote(stem)} can not be the name of a workload`,
      "lower-case letters, digits and - can",
    );
  }
  const { env, problems } = readEnvFiles(table, { manifest, tree, scope });
  // What a device lacks is no problem of a workload that is for others.
  const on = table.on as DeviceSelector | undefined ?? EVERY_DEVICE;
  const arch = isSelected(on, target) ? target.arch : undefined;
  const choice = buildModes(read, { manifest, env, secretFiles, arch, found });
  problems.push(...manifest.nonRegularFiles.map(nonRegularFileProblem));
  const all = [...withPositions(entry.path, text, atSource(found, writtenAt)), ...problems];
  const named = typeof table.name === "string" ? { name: table.name, isNamed: true } : {};
  if (all.length > 0 || choice === undefined) return { ...base, ...named, type: "invalid", problems: all };
  return { ...base, ...named, type: "workload", choice, on, writtenAt };
}

/**
 * Problems of overlays that do not fit the device, each laid over its manifest alone: what another device would find.
 * Of a manifest that has problems without them, none are told.
 */
export function overlayProblems(tree: ManifestTree, target: Target): Problem[] {
  const preparing = { ...overlayContext(tree.text, target), secretFiles: readSecretFiles(tree.entries, tree.text) };
  const ofWorkloads = manifestFiles(tree.entries).flatMap((manifest) => {
    const text = tree.text(manifest.entry.path);
    if (text === undefined || readManifest(manifest, { tree, ...preparing }).type === "invalid") return [];
    const document = parseDocument(manifest.entry.path, text);
    const overlay = "table" in document ? document.table.overlay : undefined;
    return Object.keys(isTable(overlay) ? overlay : {}).flatMap((name) => {
      const read = readManifest(manifest, { tree, ...preparing, overlays: [name] });
      return read.type === "invalid" ? read.problems : [];
    });
  });
  return [...ofWorkloads, ...daemonOverlayProblems(tree, preparing)];
}

function readEnvFiles(
  table: Table,
  { manifest, tree, scope }: { manifest: ManifestFile; tree: ManifestTree; scope: DiagnosticScope },
): { env: Record<string, string>; problems: Problem[] } {
  let env: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const name of envFileNames(table)) {
    const path = manifest.folder + name;
    if (name.startsWith("/") || name.split("/").includes("..")) {
      scope.at("env_file").error(`${quote(name)} is not in the workload's folder`, `put it into ${manifest.folder}`);
      continue;
    }
    const text = manifest.files.some((file) => file.path === name) ? tree.text(path) : undefined;
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

/** Names inside of the folder; what would leave it names no file that is there. */
function envFileNames(table: Table): string[] {
  const given = Array.isArray(table.env_file) ? table.env_file : [table.env_file];
  return given.filter((one) => typeof one === "string" && one !== "").map((one: string) => one.replace(/^\.\//, ""));
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
