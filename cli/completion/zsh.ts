import { optionWords, type CompletedCommand, type Word } from './completion-tree.ts';
import { posixTables, posixWords, quoted } from './posix-tables.ts';

/** A completion script for zsh: source it after compinit, or save it as `_llamactl` in fpath. */
export function zshCompletion(program: CompletedCommand): string {
  const list = (words: readonly Word[]): string =>
    `(${words.map(({ word, text }) => quoted(`${word}:${text.replaceAll(':', String.raw`\:`)}`)).join(' ')})`;
  return `#compdef llamactl
# zsh completion of llamactl, made by: llamactl completion zsh

${posixTables(program)}
${posixWords(program, list, '()')}
  list+=${list(optionWords(program.options))}
}

_llamactl_words() {
  list=(\${(f)"$("$program" "\${server[@]}" completion words "$1" 2>/dev/null)"})
  [[ $kind == assignment ]] && compadd -S '' -a list || compadd -a list
}

_llamactl() {
  local at='' kind='' place=0 option='' isOver='' program="\${(Q)words[1]/#\\~/$HOME}"
  local -a server list
  _llamactl_read "\${(@Q)words[2,CURRENT-1]}"
  if [[ -z $kind && -z $isOver && $PREFIX == --*=* ]]; then
    _llamactl_value "\${PREFIX%%=*}"
    compset -P '*='
  elif [[ -z $kind && -z $isOver && $PREFIX == -* ]]; then
    _llamactl_options
    _describe -o option list
    return
  elif [[ -z $kind ]]; then
    _llamactl_subcommands
    if (( $#list )); then
      _describe command list
      return
    fi
    _llamactl_place "$place"
  fi
  case "$kind" in
    '' | none) return 1 ;;
    choice*)
      list=(\${(s: :)\${kind#choice }})
      compadd -a list
      ;;
    file) _files ;;
    folder) _files -/ ;;
    instance-or-file)
      _llamactl_words instance
      _files
      ;;
    *) _llamactl_words "$kind" ;;
  esac
}

# As a file in fpath this is what is called; sourced, it is made known.
if [[ \${funcstack[1]} == _llamactl ]]; then
  _llamactl "$@"
else
  compdef _llamactl llamactl
fi
`;
}
