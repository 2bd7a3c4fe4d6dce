import { type Command, UsageError } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { bashCompletion } from "./completion/bash.ts";
import { completionSpec, HELP } from "./completion/completion_spec.ts";
import { fishCompletion } from "./completion/fish.ts";
import { zshCompletion } from "./completion/zsh.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** `commands` are those that are completed; asked for when it runs, since this is one of them. */
export function completions(commands: () => readonly Command[]): Command {
  return {
    name: "completions",
    usage: "bash|zsh|fish",
    summary: "Print a script that has a shell complete what you type",
    options: [],
    flags: {},
    positionals: { min: 1, max: 1 },
    run({ positionals: [shell = ""], out }) {
      const show = Object.hasOwn(SHELLS, shell) ? SHELLS[shell as keyof typeof SHELLS] : null;
      if (show === null) throw new UsageError(`"${shell}" is no shell that is known: name bash, zsh or fish`);
      out(show([...commands().map(completionSpec), HELP]));
      return Promise.resolve(EXIT.done);
    },
  };
}
