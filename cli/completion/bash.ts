import { optionWords, type CompletedCommand, type Word } from './completion-tree.ts';
import { posixTables, posixWords, quoted } from './posix-tables.ts';

/** A completion script for bash 3.2 (macOS) and newer, without other dependencies. */
export function bashCompletion(program: CompletedCommand): string {
  const list = (words: readonly Word[]): string => quoted(words.map(({ word }) => word).join(' '));
  return `# bash completion of llamactl, made by: llamactl completion bash

${posixTables(program)}
${posixWords(program, list, "''")}
  list="$list "${list(optionWords(program.options))}
}

_llamactl_files() {
  # bash 3.2 has no compopt: there, a folder ends in a space.
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen "$1" -- "$cur"))
}

_llamactl_words() {
  list="$("$program" \${server[@]+"\${server[@]}"} completion words "$1" 2>/dev/null)"
}

_llamactl() {
  local at='' kind='' list='' place=0 option='' isOver='' cur='' IFS=$' \\t\\n'
  local line="\${COMP_LINE:0:COMP_POINT}" program="\${COMP_WORDS[0]/#\\~/$HOME}"
  local -a server=() typed=()
  # Not COMP_WORDS: bash breaks words at each = and :.
  read -r -a typed <<< "$line"
  if [[ $line == *[![:space:]] ]]; then
    cur="\${typed[\${#typed[@]} - 1]}"
    unset "typed[\${#typed[@]} - 1]"
  fi
  COMPREPLY=()
  _llamactl_read "\${typed[@]:1}"
  if [[ -z $kind && -z $isOver && $cur == --*=* ]]; then
    _llamactl_value "\${cur%%=*}"
    cur="\${cur#*=}"
  elif [[ -z $kind && -z $isOver && $cur == -* ]]; then
    _llamactl_options
    kind=choice
  elif [[ -z $kind ]]; then
    _llamactl_subcommands
    if [[ -n $list ]]; then kind=choice; else _llamactl_place "$place"; fi
  fi
  IFS=$'\\n'
  case "$kind" in
    '' | none) ;;
    choice) list="\${list// /$IFS}" ;;
    choice*) list="\${kind#choice }"; list="\${list// /$IFS}" ;;
    file) _llamactl_files -f ;;
    folder) _llamactl_files -d ;;
    instance-or-file)
      _llamactl_files -f
      _llamactl_words instance
      ;;
    *) _llamactl_words "$kind" ;;
  esac
  COMPREPLY+=($(compgen -W "$list" -- "$cur"))
  # A value follows at once.
  [[ $kind == assignment ]] && compopt -o nospace 2>/dev/null
  return 0
}

complete -F _llamactl llamactl
`;
}
