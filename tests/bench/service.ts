/** The programs that all supervisors run: executable scripts of POSIX sh, one a service. */
import { join } from "node:path";
import { MARK } from "./process_table.ts";

export interface Service {
  name: string;
  /** Absolute path of an executable file. */
  program: string;
}

/** Where scripts are written, and the pipe that they announce themselves in. */
export interface Stage {
  root: string;
  pipe: string;
}

/** Says that it is up, then does nothing for ever. */
export async function idleService({ root, pipe }: Stage, name: string): Promise<Service> {
  return await script(root, name, [
    `echo "${name} $$ up" >"${pipe}"`,
    `${MARK}="${root}" exec sleep infinity`,
  ]);
}

const LINE_BYTES = 100;
/** As stdio writes to what is no terminal. */
const BLOCK_LINES = 40;

/** At each line that it reads from the pipe `go`, writes that many bytes in lines, and announces begin and end. */
export async function writingService(
  { root, pipe }: Stage,
  name: string,
  { go, bytes }: { go: string; bytes: number },
): Promise<Service> {
  const line = "x".repeat(LINE_BYTES - 1);
  const blocks = Math.round(bytes / (LINE_BYTES * BLOCK_LINES));
  return await script(root, name, [
    `export ${MARK}="${root}"`,
    `block='${`${line}\n`.repeat(BLOCK_LINES)}'`,
    `echo "${name} $$ up" >"${pipe}"`,
    `while read -r _ <"${go}"; do`,
    `  echo "${name} $$ begin" >"${pipe}"`,
    `  i=0; while [ $i -lt ${blocks} ]; do printf %s "$block"; i=$((i + 1)); done`,
    `  echo "${name} $$ end" >"${pipe}"`,
    "done",
  ]);
}

async function script(root: string, name: string, lines: string[]): Promise<Service> {
  const directory = join(root, "programs");
  await Deno.mkdir(directory, { recursive: true });
  const program = join(directory, name);
  await Deno.writeTextFile(program, ["#!/bin/sh", ...lines, ""].join("\n"));
  await Deno.chmod(program, 0o755);
  return { name, program };
}
