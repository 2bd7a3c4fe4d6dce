/** What this build is. `deno task compile` puts the commit in the place of the marker. */
import project from "../deno.json" with { type: "json" };

/** Semantic version, without a leading "v". */
export const VERSION: string = project.version;

const MARKER = "@COMMIT@";

/** Seven digits of the commit it was compiled from; "source" where it was not compiled. */
export const COMMIT: string = MARKER.startsWith("@") ? "source" : MARKER;
