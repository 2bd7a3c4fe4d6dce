/** argv to a command, and its outcome to an exit code. The four ways in which anything is printed are here. */
import { parseArgs } from "node:util";
import { LockHeld } from "../daemon/data_dir_lock.ts";
import { diskFailure, Failure } from "../failure.ts";
import { redactSecrets } from "../log.ts";
import { VERSION } from "../version.ts";
import { type Command, type CommandInput, UsageError } from "./command.ts";
import { COMMANDS, HIDDEN } from "./commands.ts";
import { NoDaemon } from "./control_client.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { formatCommandHelp, formatHelp } from "./format/format_help.ts";
import { isFile } from "../os/exists.ts";
import { quoted } from "../model/escape.ts";
import { suggest } from "../schema/suggest.ts";

export type Terminal = Pick<CommandInput, "out" | "note" | "signal" | "terminal">;

/** Never throws: what goes wrong is printed, and told by the code. */
export async function main(argv: readonly string[], io: Terminal): Promise<ExitCode> {
  const [first, ...rest] = argv;
  const wanted = first ?? (await isFile("config.toml") ? "run" : "help");
  if (["help", "--help", "-h"].includes(wanted)) return help(rest[0], io);
  const name = ["--version", "-V"].includes(wanted) ? "version" : wanted;
  const command = [...COMMANDS, ...HIDDEN].find((one) => one.name === name);
  if (command === undefined) return unknownCommand(name, io);
  if (rest.includes("--help") || rest.includes("-h")) return help(command.name, io);
  try {
    const { values, positionals } = parse(command, rest);
    return await command.run({ ...io, positionals, flags: values });
  } catch (error) {
    return explain(error, { command, io });
  }
}

function parse(command: Command, args: string[]) {
  const { min, max } = command.positionals;
  try {
    const { values, positionals } = parseArgs({ args, options: command.flags, allowPositionals: true, strict: true });
    if (positionals.length < min) throw new UsageError(`${command.name} needs ${command.usage.split(" ")[0]}`);
    if (positionals.length > max) throw new UsageError(`"${positionals[max]}" is one word too many`);
    return { values: values as CommandInput["flags"], positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const message = error instanceof Error ? error.message.split(". ")[0]! : String(error);
    throw new UsageError(message.replaceAll("'", '"'));
  }
}

function explain(thrown: unknown, { command, io }: { command: Command; io: Terminal }): ExitCode {
  if (io.signal.aborted) return EXIT.interrupted;
  // A full disk is no bug, whichever command met it.
  const error = diskFailure(thrown) ?? thrown;
  if (error instanceof UsageError) {
    io.note(`error: ${error.message}\n  usage: harbornode ${command.name} ${command.usage}`.trimEnd());
    return EXIT.usage;
  }
  if (error instanceof Failure) {
    const hint = error.hint === undefined ? "" : `\n  hint: ${error.hint}`;
    io.note(redactSecrets(`error: ${error.message}${hint}`));
    if (error instanceof LockHeld) return EXIT.locked;
    return error instanceof NoDaemon ? EXIT.unreachable : EXIT.failed;
  }
  const trace = error instanceof Error ? error.stack ?? error.message : String(error);
  io.note(redactSecrets(`bug: harbornode ${VERSION} ${command.name}: ${trace}\n  hint: please report this`));
  return EXIT.failed;
}

function help(name: string | undefined, io: Terminal): ExitCode {
  const command = COMMANDS.find((one) => one.name === name);
  if (name !== undefined && command === undefined) return unknownCommand(name, io);
  io.out(command === undefined ? formatHelp(COMMANDS) : formatCommandHelp(command));
  return EXIT.done;
}

function unknownCommand(name: string, io: Terminal): ExitCode {
  const close = suggest(name, COMMANDS.map((command) => command.name));
  const hint = close === null ? 'run "harbornode help" for a list' : `did you mean "${close}"?`;
  io.note(`error: there is no command ${quoted(name)}\n  hint: ${hint}`);
  return EXIT.usage;
}
