/** The executable that this process is. */

/**
 * Looked up once: after an upgrade the file of a running process has another name. Null for a program that was not
 * compiled, of which Deno is the executable.
 */
export const OWN_EXECUTABLE: string | null = Deno.build.standalone ? Deno.execPath() : null;
