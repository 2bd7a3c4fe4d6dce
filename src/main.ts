/**
 * The executable: hands argv, the terminal and the stop signals to the command line. Nothing else ends a process, but
 * for the git process, which is this executable as well.
 */
import { main } from "./cli/cli.ts";
import { EXIT } from "./cli/exit_code.ts";
import { GIT_WORKER } from "./source/git_worker/run_worker.ts";

if (Deno.args[0] === GIT_WORKER) {
  // No daemon ever loads it: a git library costs memory, and faults of its own.
  const { runWorkerProgram } = await import("./source/git_worker/worker_program.ts");
  await runWorkerProgram();
}

const stop = new AbortController();
const interrupt = () => {
  // The second one does not wait for anything.
  if (stop.signal.aborted) Deno.exit(EXIT.interrupted);
  stop.abort(new Error("interrupted"));
};
Deno.addSignalListener("SIGINT", interrupt);
Deno.addSignalListener("SIGTERM", interrupt);

const encoder = new TextEncoder();
const code = await main(Deno.args, {
  out: (text) => write(Deno.stdout, text),
  note: (text) => write(Deno.stderr, text),
  signal: stop.signal,
  terminal: Deno.stderr.isTerminal(),
});
Deno.exit(code);

/** A reader that went away (`harbornode logs web | head`) is no error: there is nobody left to tell. */
function write(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(`${text}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(EXIT.done);
    throw error;
  }
}
