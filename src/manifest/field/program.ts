/** [pure] Whether the program of a command line can be there: one of the folder is looked for among its files. */
import type { ManifestFile } from "../layout.ts";
import { suggest } from "../../schema/suggest.ts";
import { type DiagnosticScope, quote } from "../../schema/diagnostic.ts";

/** Whether a download has a file is known only once it is there. */
export function checkProgram(
  program: string,
  { manifest, hasArtifact, scope }: { manifest: ManifestFile; hasArtifact: boolean; scope: DiagnosticScope },
): void {
  if (!program.startsWith("./")) {
    if (program.includes("/") && !program.startsWith("/")) {
      scope.error(`${quote(program)} is neither a name, nor absolute, nor of the folder`, `write "./${program}"`);
    }
    return;
  }
  const path = program.slice(2);
  const file = manifest.files.find((one) => one.path === path);
  if (file === undefined) {
    if (hasArtifact && !path.split("/").includes("..")) return;
    const close = suggest(path, manifest.files.map((one) => one.path));
    const hint = close === null ? `put it into ${manifest.folder}` : `did you mean "./${close}"?`;
    scope.error(`there is no file ${quote(manifest.folder + path)}`, hint);
  } else if (!file.executable) {
    scope.error(
      `the file ${quote(manifest.folder + path)} is not executable`,
      `git update-index --chmod=+x ${manifest.folder}${path}`,
    );
  }
}
