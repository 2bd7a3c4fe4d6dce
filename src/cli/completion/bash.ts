/** [pure] Completion for bash 4 and later: https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html */
import type { CompletionSpec, Kind } from "./completion_spec.ts";

export function bashCompletion(commands: readonly CompletionSpec[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# bash completion for harbornode: source <(harbornode completions bash)
_harbornode_names() {
  local i config=()
  for ((i = 2; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -c | --config) config=(--config "\${COMP_WORDS[i + 1]}") ;; esac
  done
  "\${COMP_WORDS[0]}" status --names "\${config[@]}" 2>/dev/null
}

_harbornode() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} flags="" words="" kind=""
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "${names}" -- "$current")
    return
  fi
  case \${COMP_WORDS[1]} in
${commands.map((command) => branch(command, names)).join("\n")}
    *) return ;;
  esac
  case $current in
    -*) words=$flags kind="" ;;
  esac
  case $kind in
    name) words=$(_harbornode_names) ;;
    file | folder)
      compopt -o filenames
      if [ "$kind" = file ]; then mapfile -t COMPREPLY < <(compgen -f -- "$current")
      else mapfile -t COMPREPLY < <(compgen -d -- "$current"); fi
      return
      ;;
    unknown) return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _harbornode harbornode`;
}

function branch({ name, flags, words }: CompletionSpec, all: string): string {
  const options = flags.flatMap(({ long, short }) => [`--${long}`, ...(short === null ? [] : [`-${short}`])]);
  const valued = flags.filter(({ value }) => value !== null).map(({ long, short, value }) => {
    const pattern = [...(short === null ? [] : [`-${short}`]), `--${long}`].join(" | ");
    return `        ${pattern}) ${assigned(value!)} ;;`;
  });
  const own = name === "help" ? `words="${all}"` : assigned(words);
  return [
    `    ${name})`,
    `      flags="${[...options, "--help"].join(" ")}"`,
    `      ${own}`,
    ...(valued.length === 0 ? [] : [`      case $previous in`, ...valued, `      esac`]),
    `      ;;`,
  ].join("\n");
}

function assigned(kind: Kind): string {
  return kind.type === "words" ? `words="${kind.words.join(" ")}"` : `kind="${kind.type}"`;
}
