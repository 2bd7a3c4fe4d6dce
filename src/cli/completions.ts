import { type Command, UsageError } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { bashCompletion } from "./show/completion/bash.ts";
import { completable, HELP } from "./show/completion/completable.ts";
import { fishCompletion } from "./show/completion/fish.ts";
import { zshCompletion } from "./show/completion/zsh.ts";

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
      out(show([...commands().map(completable), HELP]));
      return Promise.resolve(EXIT.done);
    },
  };
}
