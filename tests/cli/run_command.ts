/** A command as its caller meets it: the exit code, and what it wrote to stdout and stderr. */
import { main } from "../../src/cli/cli.ts";

export async function runCommand(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(argv, {
    out: (text) => out.push(text),
    note: (text) => err.push(text),
    signal: new AbortController().signal,
    terminal: false,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}
