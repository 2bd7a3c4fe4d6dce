/** [pure] Whether the program of a command line can be there: one of the folder is looked for among its files. */
import type { ManifestFile } from "../layout.ts";
import { nearest } from "../nearest.ts";
import { type Place, quote } from "../place.ts";

/** Whether a download has a file is known only once it is there. */
export function checkProgram(
  program: string,
  { manifest, hasArtifact, place }: { manifest: ManifestFile; hasArtifact: boolean; place: Place },
): void {
  if (!program.startsWith("./")) {
    if (program.includes("/") && !program.startsWith("/")) {
      place.report(`${quote(program)} is neither a name, nor absolute, nor of the folder`, `write "./${program}"`);
    }
    return;
  }
  const path = program.slice(2);
  const file = manifest.files.find((one) => one.path === path);
  if (file === undefined) {
    if (hasArtifact && !path.split("/").includes("..")) return;
    const close = nearest(path, manifest.files.map((one) => one.path));
    const hint = close === null ? `put it into ${manifest.folder}` : `did you mean "./${close}"?`;
    place.report(`there is no file ${quote(manifest.folder + path)}`, hint);
  } else if (!file.executable) {
    place.report(
      `the file ${quote(manifest.folder + path)} is not executable`,
      `git update-index --chmod=+x ${manifest.folder}${path}`,
    );
  }
}
