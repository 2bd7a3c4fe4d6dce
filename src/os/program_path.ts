/** [pure] Directories of programs, as a login on Debian has them; local programs first. */
export const PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
