/** [pure] Checks across manifests: duplicate names and folders, conflicting renames, and dependencies. */
import type { RuntimeOptions } from "../../model/desired.ts";
import type { Problem } from "../../model/problem.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath } from "../../schema/diagnostic.ts";
import { suggest } from "../../schema/suggest.ts";
import { withPositions } from "../../schema/toml_document.ts";
import { quote } from "../../schema/toml_value.ts";
import type { TreeEntry } from "../../source/source.ts";
import { atSource } from "../device/overlay.ts";
import type { DeviceSelector } from "../device/selector.ts";
import { dependencyCycles } from "../field/depends_on.ts";
import type { ManifestFile } from "../find_manifests.ts";

/** The files of a revision. */
export interface ManifestTree {
  entries: TreeEntry[];
  /**
   * Returns the content of a file that was loaded: of those that `textPaths` and `envFilePaths` return, and of those that
   * `secretPaths` returns as base64.
   */
  text(path: string): string | undefined;
}

/** A manifest that was read by itself. */
export type Read =
  & { file: ManifestFile; name: string; isNamed: boolean }
  & (
    | { type: "workload"; choice: RuntimeOptions; on: DeviceSelector; sourceOf(path: FieldPath): FieldPath }
    | { type: "invalid"; problems: Problem[] }
  );

/** Makes two manifests of one name or one folder invalid: neither is more right than the other. */
export function rejectDuplicates(manifests: readonly Read[], tree: ManifestTree): Read[] {
  const byName = Map.groupBy(manifests, (read) => read.name);
  const byFolder = Map.groupBy(manifests, (read) => read.file.folder);
  return manifests.map((manifest) => {
    const { file, name, isNamed } = manifest;
    const othersIn = (group: readonly Read[]) =>
      group.filter((other) => other !== manifest).map((other) => other.file.entry.path);
    const namesakes = othersIn(byName.get(name)!);
    const claimants = othersIn(byFolder.get(file.folder)!).filter((path) => !namesakes.includes(path));
    if (namesakes.length + claimants.length === 0) return manifest;
    const diagnostics: Diagnostic[] = [];
    const scope = new DiagnosticScope(diagnostics).at("name");
    if (namesakes.length > 0) {
      scope.error(`the name ${quote(name)} is taken by ${someOf(namesakes)} as well`, "give one of them another name");
    }
    if (claimants.length > 0) {
      scope.error(`the folder ${quote(file.folder)} belongs to ${someOf(claimants)} as well`, "keep one of the two");
    }
    const { path } = file.entry;
    const duplicates = isNamed
      ? withPositions(path, tree.text(path) ?? "", diagnostics)
      : diagnostics.map(({ message, hint }) => ({ file: path, field: "name", message, hint: hint! }));
    const problems = [...duplicates, ...(manifest.type === "invalid" ? manifest.problems : [])];
    return { file, name, isNamed, type: "invalid", problems };
  });
}

/** Makes a manifest invalid whose `moved_from` is its own name, still in use, or claimed twice. */
export function rejectRenameConflicts(manifests: readonly Read[], tree: ManifestTree): Read[] {
  const names = new Set(manifests.map((manifest) => manifest.name));
  const claims = manifests.flatMap((manifest) =>
    manifest.type === "workload" ? manifest.choice.specs[0]!.movedFrom ?? [] : []
  );
  return manifests.map((manifest) => {
    const from = manifest.type === "workload" ? manifest.choice.specs[0]!.movedFrom : null;
    if (from === null) return manifest;
    const diagnostics: Diagnostic[] = [];
    const scope = new DiagnosticScope(diagnostics).at("moved_from");
    if (from === manifest.name) scope.error("is the workload's own name", "take it out");
    else if (names.has(from)) {
      scope.error(`there still is a workload ${quote(from)}`, "take it out, or rename the other");
    } else if (claims.filter((claim) => claim === from).length > 1) {
      scope.error(`${quote(from)} is what another workload takes over as well`, "keep one of the two");
    }
    return diagnostics.length === 0 ? manifest : invalidFor(manifest, { diagnostics, tree });
  });
}

function invalidFor(
  manifest: Read,
  { diagnostics, tree }: { diagnostics: Diagnostic[]; tree: ManifestTree },
): Read {
  const { file, name, isNamed } = manifest;
  const { path } = file.entry;
  const atFields = manifest.type === "workload" ? atSource(diagnostics, manifest.sourceOf) : diagnostics;
  return { file, name, isNamed, type: "invalid", problems: withPositions(path, tree.text(path) ?? "", atFields) };
}

/** Makes manifests invalid that depend on each other in a cycle, or on a workload that does not exist. */
export function rejectCycles(manifests: readonly Read[], tree: ManifestTree): Read[] {
  const valid = manifests.flatMap((manifest) => manifest.type === "workload" ? manifest.choice.specs[0]! : []);
  const names = new Set(manifests.map((manifest) => manifest.name));
  const cycles = dependencyCycles(valid);
  return manifests.map((manifest) => {
    if (manifest.type !== "workload") return manifest;
    const diagnostics: Diagnostic[] = [];
    const scope = new DiagnosticScope(diagnostics).at("depends_on");
    const cycle = cycles.get(manifest.name);
    if (cycle !== undefined) scope.error(`waits for itself: ${cycle.join(" -> ")}`, "take one of them out");
    manifest.choice.specs[0]!.dependsOn.forEach(({ name }, index) => {
      if (names.has(name)) return;
      const close = suggest(name, [...names].filter((other) => other !== manifest.name));
      scope.at(index).error(
        `there is no workload ${quote(name)}`,
        close === null ? "name another manifest of the repository" : `did you mean "${close}"?`,
      );
    });
    return diagnostics.length === 0 ? manifest : invalidFor(manifest, { diagnostics, tree });
  });
}

function someOf(paths: readonly string[]): string {
  return paths.length <= 3 ? paths.join(", ") : `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more`;
}
