/** What `harbornode help` prints, in 80 columns. */
import type { Command } from "../command.ts";
import { EXIT_MEANINGS } from "../exit_code.ts";
import { wrap } from "./wrap.ts";

export function formatHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "HarborNode makes this machine run what a git repository says.",
    "",
    "Usage: harbornode COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${firstSentence(command.summary)}`),
    `  ${"help".padEnd(width)}  Show this, or with a command's name what that command takes`,
    "",
    "Exit codes:",
    ...EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
    "",
    'Begin with "harbornode status". The page shows the same: http://DEVICE:3080/',
  ].join("\n");
}

export function formatCommandHelp(command: Command): string {
  const width = Math.max(0, ...command.options.map((option) => option.flag.length));
  const options = command.options.flatMap(({ flag, doc }) => wrap(`  ${flag.padEnd(width)}  ${doc}`, width + 4));
  return [
    ...wrap(`${command.summary}.`, 0),
    "",
    `Usage: harbornode ${command.name} ${command.usage}`.trimEnd(),
    ...(options.length === 0 ? [] : ["", "Options:", ...options]),
  ].join("\n");
}

function firstSentence(summary: string): string {
  return summary.replace(/ \(.*\)$/, "");
}
