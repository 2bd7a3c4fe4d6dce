/** Runs a program to its end, with a bound. */

export interface ProgramOptions {
  /** Bound of the run. The program gets SIGKILL after it. */
  timeoutMs: number;
  /** File that the program reads as its standard input; none by default. */
  stdin?: string;
  env?: Record<string, string>;
}

export interface ProgramResult {
  success: boolean;
  code: number;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

/** Runs the program and returns its output, whatever its exit code. Throws when the program cannot be started. */
export async function programResult(
  program: string,
  args: string[],
  { timeoutMs, stdin, env = {} }: ProgramOptions,
): Promise<ProgramResult> {
  const child = new Deno.Command(program, {
    args,
    env,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const [{ success, code, stdout, stderr }] = await Promise.all([child.output(), feed(child, stdin)]);
    const decoder = new TextDecoder();
    return { success, code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), timedOut };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the program and returns its standard output. Throws with all of its output when the program fails. */
export async function runProgram(program: string, args: string[], options: ProgramOptions): Promise<string> {
  const result = await programResult(program, args, options);
  if (result.success) return result.stdout;
  const cause = result.timedOut ? `did not end within ${options.timeoutMs / 1000} s` : `exit code ${result.code}`;
  throw new Error(`${program} ${args.join(" ")}: ${cause}\n${result.stdout}${result.stderr}`);
}

/** Writes the file to the child. A child that ends before it has read everything is judged by its exit code. */
async function feed(child: Deno.ChildProcess, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const file = await Deno.open(path);
  await file.readable.pipeTo(child.stdin).catch(() => {});
}
