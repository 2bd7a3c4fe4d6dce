/** [pure] The command line of `deno task test`. */
import { parseArgs } from "node:util";

export const USAGE = `usage: deno task test [--filter NAME] [--again] [--pure] [PATH...]

  PATH...        files and folders of tests; all tests by default
  --filter NAME  only tests whose name contains NAME, or matches it when it is /a regular expression/
  --again        run the files of failed tests once more when they are three at most, and list what passes only then
  --pure         only the pure suites, without any permission but to read sources`;

export interface TestOptions {
  paths: string[];
  filter: string | null;
  again: boolean;
  pure: boolean;
  help: boolean;
}

/** Returns the options, or the error sentence for the person who typed the arguments. */
export function testOptions(args: readonly string[]): TestOptions | { error: string } {
  const options = {
    filter: { type: "string" },
    again: { type: "boolean", default: false },
    pure: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const found: TestOptions = { paths: [], filter: null, again: false, pure: false, help: false };
  for (const token of tokens) {
    if (token.kind === "positional") found.paths.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (name === "filter") {
      // parseArgs takes the next argument as the value, whatever it is.
      if (value === undefined || value === "" || (!token.inlineValue && value.startsWith("-"))) {
        return { error: "--filter needs a part of a test's name" };
      }
      found.filter = value;
    } else if (name === "again" || name === "pure" || name === "help") {
      if (value !== undefined) return { error: `${rawName} takes no value, and has "${value}"` };
      found[name] = true;
    } else {
      return { error: `there is no option "${rawName}"` };
    }
  }
  return found;
}
