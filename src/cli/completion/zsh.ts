/** [pure] Completion for zsh: https://zsh.sourceforge.io/Doc/Release/Completion-System.html */
import type { CompletionFlag, CompletionSpec, Kind } from "./completion_spec.ts";
import { shellQuoted } from "../../model/escape.ts";

export function zshCompletion(commands: readonly CompletionSpec[]): string {
  return `#compdef harbornode
# zsh completion for harbornode: source <(harbornode completions zsh), after compinit
_harbornode_names() {
  local -a config names
  local at=\${words[(I)(-c|--config)]}
  ((at > 0 && at < CURRENT)) && config=(--config "\${(Q)words[at + 1]}")
  names=(\${(f)"$(harbornode status --names $config 2>/dev/null)"})
  compadd -a names
}

_harbornode_commands() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${shellQuoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`).join("\n")}
  )
  _describe command commands
}

_harbornode() {
  if ((CURRENT == 2)); then
    _harbornode_commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${commands.map(branch).join("\n")}
  esac
}

if [ "\${funcstack[1]}" = _harbornode ]; then _harbornode "$@"; else compdef _harbornode harbornode; fi`;
}

function branch({ name, flags, words, repeats }: CompletionSpec): string {
  const own = name === "help" ? "1:command:_harbornode_commands" : positional(words, repeats);
  const specs = [...flags.flatMap(flagSpecs), ...(own === null ? [] : [own])];
  return [
    `    ${name})`,
    ["      _arguments -s", ...specs.map((spec) => `        ${shellQuoted(spec)}`)].join(" \\\n"),
    "      ;;",
  ]
    .join("\n");
}

function flagSpecs({ long, short, doc, value }: CompletionFlag): string[] {
  const names = [`--${long}`, ...(short === null ? [] : [`-${short}`])];
  const text = `[${doc.replace(/[[\]\\:]/g, "\\$&")}]${value === null ? "" : `:value:${action(value)}`}`;
  return names.map((name) => `${names.length === 1 ? "" : `(${names.join(" ")})`}${name}${text}`);
}

function positional(kind: Kind, repeats: boolean): string | null {
  if (kind.type === "unknown") return null;
  if (kind.type === "words" && repeats) return `1:word:${action(kind)}`;
  return `${repeats ? "*" : "1"}:word:${action(kind)}`;
}

function action(kind: Kind): string {
  switch (kind.type) {
    case "name":
      return "_harbornode_names";
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "words":
      return `(${kind.words.join(" ")})`;
    case "unknown":
      return "";
  }
}
