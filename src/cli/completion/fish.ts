/** [pure] Completion for fish: https://fishshell.com/docs/current/cmds/complete.html */
import type { CompletionSpec, Kind } from "./completion_spec.ts";

export function fishCompletion(commands: readonly CompletionSpec[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return [
    "# fish completion for harbornode: harbornode completions fish | source",
    "function __harbornode_is",
    "    set -l words (commandline -opc)",
    '    test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"',
    "end",
    "function __harbornode_names",
    "    set -l words (commandline -opc)",
    "    set -l config",
    "    for at in (seq (math (count $words) - 1))",
    '        if contains -- "$words[$at]" -c --config',
    "            set config --config $words[(math $at + 1)]",
    "        end",
    "    end",
    "    harbornode status --names $config 2>/dev/null",
    "end",
    "complete -c harbornode -f",
    ...commands.flatMap((command) => linesOf(command, names)),
  ].join("\n");
}

function linesOf({ name, summary, flags, words }: CompletionSpec, all: string): string[] {
  const complete = `complete -c harbornode -n '__harbornode_is ${name}'`;
  const own: Kind = name === "help" ? { type: "words", words: all.split(" ") } : words;
  return [
    `complete -c harbornode -n 'test (count (commandline -opc)) -eq 1' -a ${name} -d ${fishQuoted(summary)}`,
    ...flags.map(({ long, short, doc, value }) =>
      [
        complete,
        `-l ${long}`,
        ...(short === null ? [] : [`-s ${short}`]),
        ...(value === null ? [] : [`-r ${action(value)}`.trim()]),
        ...(doc === "" ? [] : [`-d ${fishQuoted(doc)}`]),
      ].join(" ")
    ),
    ...(own.type === "unknown" ? [] : [`${complete} ${action(own)}`]),
  ];
}

function action(kind: Kind): string {
  switch (kind.type) {
    case "name":
      return "-a '(__harbornode_names)'";
    case "file":
      return "-F";
    case "folder":
      return "-a '(__fish_complete_directories)'";
    case "words":
      return `-a '${kind.words.join(" ")}'`;
    case "unknown":
      return "";
  }
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
