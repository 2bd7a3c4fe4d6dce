/** What this build is. `deno task compile` puts the version and the commit in the place of the markers. */
import project from "../deno.json" with { type: "json" };

/** Semantic version, without a leading "v". */
export const VERSION: string = compiledIn("@VERSION@") ?? project.version;

/**
 * Seven digits of the commit it was compiled from, with "+changes" when what goes into it was not as committed; "source"
 * where it was not compiled, "unknown" where it was compiled without git.
 */
export const COMMIT: string = compiledIn("@COMMIT@") ?? "source";

function compiledIn(marker: string): string | null {
  return marker.startsWith("@") ? null : marker;
}
