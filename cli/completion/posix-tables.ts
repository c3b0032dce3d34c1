import { completionCases } from './completion-cases.ts';
import {
  everyCommand,
  optionWords,
  ownOptions,
  subcommandWords,
  type CompletedCommand,
  type Word,
} from './completion-tree.ts';

/**
 * Shell functions that list the possible next words. The last function is left open: the caller adds the options that
 * every command has.
 *
 * @param list Writes a list of words in the syntax of the shell.
 * @param none The empty list of the shell.
 */
export function posixWords(program: CompletedCommand, list: (words: readonly Word[]) => string, none: string): string {
  const commands = everyCommand(program);
  return `_llamactl_subcommands() {
  case "$at" in
${commands
  .filter(({ subcommands }) => subcommands.length > 0)
  .map((command) => `    ${quoted(command.path)}) list=${list(subcommandWords(command))} ;;`)
  .join('\n')}
    help) list=${list(subcommandWords(program))} ;;
    *) list=${none} ;;
  esac
}

_llamactl_options() {
  case "$at" in
${commands
  .slice(1)
  .map((command) => `    ${quoted(command.path)}) list=${list(optionWords(ownOptions(command, program)))} ;;`)
  .join('\n')}
    *) list=${none} ;;
  esac`;
}

/** The shell functions shared by bash and zsh: lookups for the command in `at`. */
export function posixTables(program: CompletedCommand): string {
  const { steps, values, places } = completionCases(program);
  return `# The subcommand that a word selects.
_llamactl_step() {
  case "$at/$1" in
${steps.map(({ path, words, next }) => `    ${alternatives(path, words)}) at=${quoted(next)} ;;`).join('\n')}
    *) return 1 ;;
  esac
}

# The kind of an option's value; nothing without a value.
_llamactl_value() {
  case "$at/$1" in
${values.map(({ path, names, kind }) => `    ${alternatives(path, names)}) kind=${quoted(kind)} ;;`).join('\n')}
    *) kind='' ;;
  esac
}

# The kind of a command's argument, by its position from 0.
_llamactl_place() {
  case "$at/$1" in
${places
  .flatMap(({ path, kinds, isVariadic }) =>
    kinds.map((kind, place) => {
      const isRepeated = isVariadic && place === kinds.length - 1;
      return `    ${isRepeated ? `${quoted(`${path}/`)}*` : quoted(`${path}/${place}`)}) kind=${quoted(kind)} ;;`;
    }),
  )
  .join('\n')}
    *) kind='' ;;
  esac
}

# Reads the words before the cursor, without the program. Sets the command (at), its number of arguments (place), the
# option whose value is next (option, kind), whether -- came before (isOver), and the flags of the server (server).
_llamactl_read() {
  local word
  for word in "$@"; do
    if [[ -n $kind ]]; then
      case "$option" in --url | --context) server+=("$option" "$word") ;; esac
      kind=''
    elif [[ -n $isOver ]]; then
      place=$((place + 1))
    elif [[ $word == -- ]]; then
      isOver=1
    elif [[ $word == --*=* ]]; then
      case "$word" in --url=* | --context=*) server+=("$word") ;; esac
    elif [[ $word == -* ]]; then
      option="$word"
      _llamactl_value "$word"
    elif [[ -z $at && $word == help ]]; then
      at=help
    elif ! _llamactl_step "$word"; then
      place=$((place + 1))
    fi
  done
}
`;
}

/** Quotes a word for both shells. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A `case` pattern for a command and any of these words. */
function alternatives(path: string | null, words: readonly string[]): string {
  return words.map((word) => (path === null ? `*${quoted(`/${word}`)}` : quoted(`${path}/${word}`))).join(' | ');
}
