/** [pure] What manifests say against each other: names and folders that two claim, and workloads that wait for each other. */
import type { ModeChoice } from "../../model/desired.ts";
import type { Problem } from "../../model/problem.ts";
import type { TreeEntry } from "../../source/source.ts";
import { atSource } from "../device/overlay.ts";
import type { DeviceSelector } from "../device/selector.ts";
import { withPositions } from "../../schema/toml_document.ts";
import { dependencyCycles } from "../field/depends_on.ts";
import type { ManifestFile } from "../layout.ts";
import { suggest } from "../../schema/suggest.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath, quote } from "../../schema/diagnostic.ts";

export interface ManifestTree {
  entries: TreeEntry[];
  /**
   * Content of a file, where it was loaded; of all that `textPaths` and `envFilePaths` name, and of all that
   * `secretPaths` names as base64.
   */
  text(path: string): string | undefined;
}

/** A manifest by itself. */
export type Read =
  & { file: ManifestFile; name: string; isNamed: boolean }
  & (
    | { type: "workload"; choice: ModeChoice; on: DeviceSelector; writtenAt(path: FieldPath): FieldPath }
    | { type: "invalid"; problems: Problem[] }
  );

/** Two manifests of one name, or of one folder: neither is more right than the other, so neither is applied. */
export function rejectDuplicates(read: readonly Read[], tree: ManifestTree): Read[] {
  const byName = Map.groupBy(read, (one) => one.name);
  const byFolder = Map.groupBy(read, (one) => one.file.folder);
  return read.map((one) => {
    const pathsIn = (group: readonly Read[]) =>
      group.filter((other) => other !== one).map((other) => other.file.entry.path);
    const namesakes = pathsIn(byName.get(one.name)!);
    const claimants = pathsIn(byFolder.get(one.file.folder)!).filter((path) => !namesakes.includes(path));
    if (namesakes.length + claimants.length === 0) return one;
    const found: Diagnostic[] = [];
    const scope = new DiagnosticScope(found).at("name");
    if (namesakes.length > 0) {
      scope.error(
        `the name ${quote(one.name)} is taken by ${some(namesakes)} as well`,
        "give one of them another name",
      );
    }
    if (claimants.length > 0) {
      scope.error(`the folder ${quote(one.file.folder)} belongs to ${some(claimants)} as well`, "keep one of the two");
    }
    const path = one.file.entry.path;
    const duplicates = one.isNamed
      ? withPositions(path, tree.text(path) ?? "", found)
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
export function rejectRenameConflicts(read: readonly Read[], tree: ManifestTree): Read[] {
  const names = new Set(read.map((one) => one.name));
  const claims = read.flatMap((one) => one.type === "workload" ? one.choice.specs[0]!.movedFrom ?? [] : []);
  return read.map((one) => {
    const from = one.type === "workload" ? one.choice.specs[0]!.movedFrom : null;
    if (from === null) return one;
    const found: Diagnostic[] = [];
    const scope = new DiagnosticScope(found).at("moved_from");
    if (from === one.name) scope.error("is the workload's own name", "take it out");
    else if (names.has(from)) {
      scope.error(`there still is a workload ${quote(from)}`, "take it out, or rename the other");
    } else if (claims.filter((it) => it === from).length > 1) {
      scope.error(`${quote(from)} is what another workload takes over as well`, "keep one of the two");
    }
    return found.length === 0 ? one : invalidFor(one, { found, tree });
  });
}

function invalidFor(one: Read, { found, tree }: { found: Diagnostic[]; tree: ManifestTree }): Read {
  const { file, name, isNamed } = one;
  const { path } = file.entry;
  const written = one.type === "workload" ? atSource(found, one.writtenAt) : found;
  return { file, name, isNamed, type: "invalid", problems: withPositions(path, tree.text(path) ?? "", written) };
}

/** Workloads that wait for each other, and those that wait for what no manifest describes. */
export function rejectCycles(read: readonly Read[], tree: ManifestTree): Read[] {
  const valid = read.flatMap((one) => one.type === "workload" ? one.choice.specs[0]! : []);
  const names = new Set(read.map((one) => one.name));
  const ringOf = dependencyCycles(valid);
  return read.map((one) => {
    if (one.type !== "workload") return one;
    const found: Diagnostic[] = [];
    const scope = new DiagnosticScope(found).at("depends_on");
    const ring = ringOf.get(one.name);
    if (ring !== undefined) scope.error(`waits for itself: ${ring.join(" -> ")}`, "take one of them out");
    one.choice.specs[0]!.dependsOn.forEach(({ name }, index) => {
      if (names.has(name)) return;
      const close = suggest(name, [...names].filter((other) => other !== one.name));
      scope.at(index).error(
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
