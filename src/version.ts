/**
 * What this build is. The compile task replaces the constant `BUILD` with the version of deno.json and the commit;
 * run from source it says so.
 */
import project from "../deno.json" with { type: "json" };

/** Semantic version of this build, without a leading "v". */
export const VERSION: string = project.version;
