/** How the executable is compiled, each with its reason. */

/**
 * What the executable may do. Deno gives /proc/PID to those who may do everything and to nobody else: neither all eight
 * permissions but one, nor all of them with one path or host denied, reads a file of a process
 * (docs.deno.com/runtime/reference/permissions; tests/compiled/permissions_test.ts says so when that changes). A
 * supervisor must know its processes. What a device may do is bounded by who starts it, and what git may ask by
 * `[policy]`.
 */
const PERMISSIONS = ["--allow-all"];

/**
 * Memory first: without compilers 10 MB less than `--optimize-for-size` with 50 services, and 20 after a fetch. A start
 * is as fast, since nothing is worth compiling by then; a page, or a fetch of 1000 files, takes 1.7 times as long.
 * `gc` is for `daemon/memory_trim.ts`. Without source positions at hand the first error that is made while
 * the program loads (modern-tar makes one) has V8 read all of it a second time: 30 ms of start.
 */
const V8_FLAGS = ["--lite-mode", "--expose-gc", "--no-enable-lazy-source-positions"];

/** A predictable code cache in /tmp would be trusted by the next start, so there is none. */
export const COMPILE_FLAGS = [
  "--no-code-cache",
  `--v8-flags=${V8_FLAGS.join(",")}`,
  "--no-config",
  "--no-check",
  ...PERMISSIONS,
];
