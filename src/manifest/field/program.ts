/** [pure] The program of a command line: one in the workload's folder must be among its files. */
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { suggest } from "../../schema/suggest.ts";
import { quote } from "../../schema/toml_value.ts";
import type { ManifestFile } from "../find_manifests.ts";

interface ProgramContext {
  manifest: ManifestFile;
  /** True: a program that is not in the folder may be in the artifact, whose content is unknown before the download. */
  hasArtifact: boolean;
  scope: DiagnosticScope;
}

/** Reports a program that cannot exist or cannot be executed. */
export function checkProgram(program: string, { manifest, hasArtifact, scope }: ProgramContext): void {
  if (!program.startsWith("./")) {
    if (program.includes("/") && !program.startsWith("/")) {
      scope.error(`${quote(program)} is neither a name, nor absolute, nor of the folder`, `write "./${program}"`);
    }
    return;
  }
  const path = program.slice(2);
  const file = manifest.files.find((workloadFile) => workloadFile.path === path);
  if (file === undefined) {
    if (hasArtifact && !path.split("/").includes("..")) return;
    const close = suggest(path, manifest.files.map((workloadFile) => workloadFile.path));
    const hint = close === null ? `put it into ${manifest.folder}` : `did you mean "./${close}"?`;
    scope.error(`there is no file ${quote(manifest.folder + path)}`, hint);
  } else if (!file.executable) {
    scope.error(
      `the file ${quote(manifest.folder + path)} is not executable`,
      `git update-index --chmod=+x ${manifest.folder}${path}`,
    );
  }
}
