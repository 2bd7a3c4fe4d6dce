/** What a command is, and what it may use: results go to `out`, everything else to `note`. */
import type { ParseArgsConfig } from "node:util";
import type { ExitCode } from "./exit_code.ts";

export interface CommandInput {
  positionals: string[];
  flags: Record<string, string | string[] | boolean | undefined>;
  /** Lines of the result, to stdout. */
  out(text: string): void;
  /** Progress, hints and errors, to stderr. */
  note(text: string): void;
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
  /** Whether a person looks at stderr: then progress may be drawn over itself. */
  terminal: boolean;
}

export interface Command {
  name: string;
  /** After the name: "NAME [-f] [--tail N]". */
  usage: string;
  /** One line. */
  summary: string;
  /** The options with one line each, for `help NAME`. */
  options: { flag: string; doc: string }[];
  flags: NonNullable<ParseArgsConfig["options"]>;
  positionals: { min: number; max: number };
  run(input: CommandInput): Promise<ExitCode>;
}

/** Wrong usage: shown with the command's usage line, exit code 2. */
export class UsageError extends Error {}

/** Flags that every command that needs the settings takes. */
export const CONFIG_FLAG = {
  flags: { config: { type: "string", short: "c" } },
  options: [{ flag: "-c, --config FILE", doc: "settings (./config.toml, else /etc/harbornode/config.toml)" }],
} as const;
